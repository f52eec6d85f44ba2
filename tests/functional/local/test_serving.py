"""What the local stack's server answers by itself."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

import pytest
from starlette.responses import JSONResponse

from attache_local.ports import listen
from attache_local.serving import serving


@pytest.mark.parametrize("line", ["POST /api/chat?message=Größe HTTP/1.1", "GET /api/state HTTP/9", "hello"])
async def test_what_is_no_http_is_refused_as_everything_is(line: str) -> None:
    async with serving(JSONResponse({}), listen(0)) as url:
        reader, writer = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
        writer.write(f"{line}\r\nHost: a\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"access-control-allow-origin: *" in head.lower()
    assert b"content-type: application/json" in head.lower()
    assert "percent-encoded" in json.loads(body)["error"]
