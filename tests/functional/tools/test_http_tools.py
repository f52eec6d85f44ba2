"""HTTP tools against real sockets: requests, results and redirects."""

from __future__ import annotations

import json

from attache.tools.http_exchange import Exchanges
from attache.tools.http_tools import HttpToolset
from attache.tools.tool import ToolCall, ToolResult
from tests.functional.tools.calling import CONTEXT, HEADER, KEY, SECRETS, reading, run, writing
from tests.functional.tools.wire import answering, wire
from tests.unit.tools.tools import binding, http_tool


async def test_a_call_is_sent_as_described(exchanges: Exchanges) -> None:
    async with wire(answering('{"ok": true}')) as served:
        result = await run(exchanges, writing(served, auth=HEADER), amount=1.5)
        assert result == ToolResult("ok", '{"ok":true}')
        [request] = served.requests
    head, _, body = request.partition("\r\n\r\n")
    assert head.startswith("POST /things HTTP/1.1\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])
    assert headers["host"] == f"localhost:{served.port}"
    assert headers["x-api-key"] == KEY
    assert headers["idempotency-key"] == "call-1"
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {"amount": 1.5}


async def test_an_error_says_status_and_body(exchanges: Exchanges) -> None:
    async with wire(answering('{"error": "no such token"}', "404 Not Found")) as served:
        result = await run(exchanges, reading(served), q="XXX")
    assert result == ToolResult("error", '{"status":404,"body":{"error":"no such token"}}')


async def test_what_does_not_fit_is_advice_and_nothing_is_sent(exchanges: Exchanges) -> None:
    async with wire(answering()) as served:
        schema = {"type": "object", "properties": {"id": {"type": "string"}}, "additionalProperties": False}
        toolset = HttpToolset(
            [http_tool(binding("id", "path"), path="/x/{id}", server=served.url, parameters=schema)], SECRETS, exchanges
        )
        for name, text, words in [
            ("other", "{}", "There is no tool 'other'. There is: call."),
            ("call", '{"id": 7}', "must be a string"),
            ("call", "{", "not valid JSON"),
            ("call", '{"id": "../admin"}', "must be a plain value"),
        ]:
            tool_call = ToolCall("1", name, text)
            checked = toolset.check(tool_call)
            assert checked == await toolset.run(tool_call, CONTEXT)
            assert checked is not None
            assert checked.outcome == "error"
            assert words in checked.text
        assert toolset.check(ToolCall("1", "call", '{"id": "a"}')) is None
        assert not served.requests


async def test_a_redirect_to_the_metadata_service_is_not_followed(exchanges: Exchanges) -> None:
    there = "http://169.254.169.254/latest/meta-data/iam/"
    async with wire(answering(status="302 Found", location=there)) as served:
        result = await run(exchanges, reading(served))
    assert result.outcome == "error"
    assert "http://169.254.169.254:80, which is no server of this app" in result.text


async def test_a_redirect_to_another_declared_server_does_not_take_the_secret_along(exchanges: Exchanges) -> None:
    async with wire(answering('{"from": "second"}')) as second:
        async with wire(answering(status="307 Temporary Redirect", location=f"{second.url}/moved?x=1")) as first:
            other = http_tool(name="other", server=second.url)
            result = await run(exchanges, reading(first, auth=HEADER), other, q="a")
            assert result.text == '{"from":"second"}'
            assert KEY in first.requests[0]
        assert second.requests[0].startswith("GET /moved?x=1 HTTP/1.1")
        assert KEY not in second.requests[0]


async def test_redirects_on_the_same_server_are_followed_with_the_secret_and_not_for_ever(exchanges: Exchanges) -> None:
    async with wire(answering(status="302 Found", location="/again")) as served:
        result = await run(exchanges, reading(served, auth=HEADER))
        assert "more than 3 times" in result.text
        assert len(served.requests) == 4
        assert all(KEY in request for request in served.requests)


async def test_what_changes_something_is_not_redirected(exchanges: Exchanges) -> None:
    async with wire(answering(status="307 Temporary Redirect", location="/again")) as served:
        result = await run(exchanges, writing(served), amount=1)
        assert result.outcome == "error"
        assert json.loads(result.text)["status"] == 307
        assert len(served.requests) == 1
