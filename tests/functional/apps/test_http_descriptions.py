"""Descriptions by URL, from a real socket."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from attache.apps.deploy import build
from attache.apps.http_descriptions import fetch_description
from attache.apps.problems import CannotDeploy
from tests.functional.tools.wire import Reply, Wire, answering, endless, raw, wire
from tests.unit.apps.descriptions import description


async def fetched(served: Wire) -> bytes:
    return await asyncio.to_thread(fetch_description, f"{served.url}/openapi.json")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (answering(status="404 Not Found"), "answered 404"),
        (endless(), "over 32 MB"),
        (raw(b""), "cannot be fetched"),
        (raw(b"garbage\r\n\r\n"), "cannot be fetched"),
    ],
)
async def test_what_cannot_be_fetched_says_why(reply: Reply, words: str) -> None:
    async with wire(reply) as served:
        with pytest.raises(CannotDeploy, match=words):
            await fetched(served)


async def test_a_server_that_is_not_there_and_a_url_that_is_none_say_why() -> None:
    async with wire(answering()) as served:
        pass
    with pytest.raises(CannotDeploy, match="cannot be fetched"):
        await fetched(served)
    with pytest.raises(CannotDeploy, match="cannot be fetched"):
        fetch_description("http://[broken")


async def test_a_fetched_description_is_compiled_and_its_relative_server_is_where_it_came_from(tmp_path: Path) -> None:
    described = description({"/x": {"get": {"operationId": "x"}}}, servers=[{"url": "/v1"}])
    async with wire(answering(json.dumps(described))) as served:
        url = f"{served.url}/openapi.json"
        (tmp_path / "app.yaml").write_text(f"name: shop\nmodels: {{default: m}}\ntools: {{openapi: '{url}'}}\n")
        app = (await asyncio.to_thread(build, tmp_path, fetch_description, allow_loopback=True)).app
        assert app.tools[0].server == f"{served.url}/v1"


@pytest.mark.parametrize("servers", [{}, {"servers": []}])
async def test_a_fetched_description_that_names_no_server_is_of_the_one_it_came_from(
    tmp_path: Path, servers: Any
) -> None:
    """As OpenAPI says (3.1, 4.8.1.1), and as frameworks that describe themselves leave it."""
    described = {key: value for key, value in description({"/x": {"get": {}}}).items() if key != "servers"} | servers
    async with wire(answering(json.dumps(described))) as served:
        tools = f"{{openapi: '{served.url}/docs/openapi.json'}}"
        (tmp_path / "app.yaml").write_text(f"name: shop\nmodels: {{default: m}}\ntools: {tools}\n")
        built = await asyncio.to_thread(build, tmp_path, fetch_description, allow_loopback=True)
    assert built.app.tools[0].server == served.url
    assert f"It names no server, so requests go to {served.url}" in built.report.warnings[0].message
