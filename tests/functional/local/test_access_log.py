"""What the access log says of requests, and what it never does."""

from __future__ import annotations

import logging
import uuid

import httpx
import pytest
from starlette.responses import JSONResponse

from attache_local.ports import listen
from attache_local.serving import AccessLog, serving


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_no_line_has_a_query_or_the_id_of_a_session(caplog: pytest.LogCaptureFixture, method: str) -> None:
    session_id = str(uuid.uuid4())
    with caplog.at_level(logging.INFO, logger="attache.access"):
        async with serving(AccessLog(JSONResponse({})), listen(0)) as url, httpx.AsyncClient(base_url=url) as client:
            await client.request(method, f"/api/sessions/{session_id.upper()}/archive?message=hush")
    (line,) = caplog.messages
    assert line.startswith(f"{method} /api/sessions/{{session_id}}/archive 200 ")
