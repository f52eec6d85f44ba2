"""HTTP tools against real sockets, well-behaved and not."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from attache.errors import Unavailable
from attache.tools.guarded_network import GuardedNetwork
from attache.tools.http_exchange import MAX_BODY, Exchanges
from attache.tools.http_tool import HttpTool, ToolAuth
from attache.tools.http_tools import HttpToolset
from attache.tools.tool import CallContext, ToolCall, ToolResult
from tests.fakes.secret_source import FakeSecretSource
from tests.functional.tools.wire import Reply, Wire, answering, dripping, endless, raw, silence, wire
from tests.unit.tools.tools import binding, http_tool

KEY = "sk-very-secret"
CONTEXT = CallContext(app="shop", session_id="s", client_id="c")
SECRETS = FakeSecretSource({("shop", "KEY"): KEY})
HANDLE = "$SECRET:PIN"
HEADER = ToolAuth(place="header", name="X-Api-Key", secret="KEY")


@pytest.fixture
async def exchanges() -> AsyncIterator[Exchanges]:
    made = Exchanges(GuardedNetwork(allow_loopback=True))
    yield made
    await made.close()


def call(**arguments: Any) -> ToolCall:
    return ToolCall("call-1", "call", json.dumps(arguments))


def reading(served: Wire, **more: Any) -> HttpTool:
    return http_tool(binding("q"), **{"server": served.url, **more})


def writing(served: Wire, **more: Any) -> HttpTool:
    body = {"method": "POST", "safe": False, "body_type": "application/json", "body_required": True}
    return http_tool(binding("amount", "body_property"), **{"server": served.url, **body, **more})


async def run(exchanges: Exchanges, *tools: HttpTool, secrets: Any = SECRETS, **arguments: Any) -> ToolResult:
    return await HttpToolset(tools, secrets, exchanges, ["KEY", "PIN"]).run(call(**arguments), CONTEXT)


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


async def test_a_missing_secret_is_named_and_nothing_is_sent(exchanges: Exchanges) -> None:
    async with wire(answering()) as served:
        result = await run(exchanges, reading(served, auth=HEADER), secrets=FakeSecretSource())
        assert result.outcome == "error"
        assert "The secret KEY of the app shop is not set" in result.text
        assert not served.requests
        optional = HEADER.model_copy(update={"required": False})
        assert (await run(exchanges, reading(served, auth=optional), secrets=FakeSecretSource())).outcome == "ok"
        assert "x-api-key" not in served.requests[0].lower()


async def test_secrets_that_cannot_be_read_are_a_result(exchanges: Exchanges) -> None:
    class Broken:
        async def value(self, app: str, name: str, client_id: str | None = None) -> str | None:
            raise Unavailable("Secrets do not answer; try again in a moment.")

        own = value

    async with wire(answering()) as served:
        result = await run(exchanges, reading(served, auth=HEADER), secrets=Broken())
        assert result == ToolResult("error", "Secrets do not answer; try again in a moment.")
        assert not served.requests


@pytest.mark.parametrize("status", ["200 OK", "401 Unauthorized"])
async def test_an_api_that_echoes_the_secret_does_not_show_it(exchanges: Exchanges, status: str) -> None:
    async with wire(answering(json.dumps({"you sent": KEY}), status)) as served:
        result = await run(exchanges, reading(served, auth=HEADER))
    assert KEY not in result.text
    assert "[secret]" in result.text


async def test_a_secret_of_another_tool_is_not_shown_either(exchanges: Exchanges) -> None:
    secrets = FakeSecretSource({("shop", "KEY"): KEY}, {("c", "PIN"): "pin-4711", ("c", "KEY"): "sk-of-the-client"})
    said = json.dumps({"note": "pin-4711", "keys": [KEY, "SK-OF-THE-CLIENT"]})
    async with wire(answering(said)) as served:
        result = await run(exchanges, reading(served), secrets=secrets)
    assert result.text == '{"note":"[secret]","keys":["[secret]","[secret]"]}'


@pytest.mark.parametrize(
    ("place", "path", "value", "sent"),
    [
        ("body_property", "/things", "pin/4711 ü", '{"pin":"it is pin/4711 ü."}'),
        ("query", "/things", "pin/4711 ü", "/things?pin=it%20is%20pin%2F4711%20%C3%BC. "),
        ("header", "/things", "pin/4711", "pin: it is pin/4711.\r\n"),
        ("path", "/things/{pin}", "pin-4711", "/things/it%20is%20pin-4711. "),
    ],
)
async def test_a_handle_is_sent_as_the_clients_own_secret(
    exchanges: Exchanges, place: Any, path: str, value: str, sent: str
) -> None:
    tool = {"method": "POST", "safe": False, "body_type": "application/json", "path": path}
    async with wire(answering(json.dumps({"you sent": value}), "403 Forbidden")) as served:
        sending = http_tool(binding("pin", place), server=served.url, **tool)
        secrets = FakeSecretSource(clients={("c", "PIN"): value})
        result = await run(exchanges, sending, secrets=secrets, pin=f"it is {HANDLE}.")
        [request] = served.requests
    assert sent in request
    assert "SECRET" not in request
    assert value not in result.text


@pytest.mark.parametrize(
    ("pin", "clients", "words"),
    [
        (HANDLE, {}, "this user's client has set no secret PIN"),
        (HANDLE, {("another", "PIN"): "pin-4711"}, "this user's client has set no secret PIN"),
        ("$SECRET:KEY", {}, "this user's client has set no secret KEY"),  # the operator's has no handle
        ("$SECRET:OTHER", {("c", "OTHER"): "x-other"}, "$SECRET:OTHER is no secret of this app (it has KEY, PIN)"),
        ("$SECRET:PINE", {("c", "PIN"): "pin-4711"}, "$SECRET:PINE is no secret"),
        (" ".join([HANDLE] * 17), {("c", "PIN"): "pin-4711"}, "the most is 16"),
        (HANDLE, {("c", "PIN"): ".."}, "plain value"),
    ],
)
async def test_a_handle_that_stands_for_nothing_is_not_sent(
    exchanges: Exchanges, pin: str, clients: dict[tuple[str, str], str], words: str
) -> None:
    async with wire(answering()) as served:
        tool = http_tool(binding("pin", "path"), server=served.url, path="/things/{pin}")
        result = await run(exchanges, tool, secrets=FakeSecretSource({("shop", "KEY"): KEY}, clients), pin=pin)
        assert (result.outcome, served.requests) == ("error", [])
    assert words in result.text


async def test_a_secret_in_an_argument_stays_with_its_server(exchanges: Exchanges) -> None:
    secrets = FakeSecretSource(clients={("c", "PIN"): "pin-4711"})
    async with wire(answering('{"from": "second"}')) as second:
        async with wire(answering(status="307 Temporary Redirect", location=f"{second.url}/moved")) as first:
            sending = http_tool(binding("pin", "header"), server=first.url)
            await run(exchanges, sending, http_tool(name="other", server=second.url), secrets=secrets, pin=HANDLE)
            assert "pin: pin-4711" in first.requests[0]
        assert "pin: $SECRET:PIN" in second.requests[0]


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


async def test_of_50_mb_one_is_read(exchanges: Exchanges) -> None:
    async with wire(endless()) as served:
        result = await run(exchanges, reading(served))
        await served.gone.wait()
        assert served.written < 20 * MAX_BODY  # what the sockets' buffers took besides
    assert f"Only the first {MAX_BODY:,} bytes" in result.text
    assert len(result.text) < 20_000


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (raw(b""), "closed, or spoke no HTTP"),
        (raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "closed, or spoke no HTTP"),
        (raw(b"HTTP/1.1 200 OK\r\ncontent-le"), "closed, or spoke no HTTP"),
        (
            raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}"),
            "broke off in the middle of the answer (status 200)",
        ),
        (raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"), "broke off in the middle"),
        (answering(b"no gzip", content_encoding="gzip"), "broke off in the middle"),
        (answering(gzip.compress(b"{}")[:-4], content_encoding="gzip"), "broke off in the middle"),
        (answering(b"?", content_encoding="br"), "broke off in the middle"),
    ],
)
async def test_no_whole_answer_is_an_error_or_an_unknown_outcome(
    exchanges: Exchanges, reply: Reply, words: str
) -> None:
    async with wire(reply) as served:
        read = await run(exchanges, reading(served))
        assert (read.outcome, words in read.text) == ("error", True), read
        sent_for_reading = len(served.requests)
        wrote = await run(exchanges, writing(served), amount=1)
        assert (wrote.outcome, words in wrote.text) == ("outcome_unknown", True), wrote
        assert len(served.requests) == sent_for_reading + 1
    assert "do not send it again" in wrote.text


@pytest.mark.parametrize("reply", [silence, dripping(0.01)])
async def test_a_server_that_is_too_slow_is_timed_out(exchanges: Exchanges, reply: Reply) -> None:
    async with wire(reply) as served:
        read = await run(exchanges, reading(served, timeout=1))
        assert read.outcome == "timed_out"
        assert "no whole answer came in time (1 s)" in read.text
        wrote = await run(exchanges, writing(served, timeout=1), amount=1)
        assert wrote.outcome == "outcome_unknown"


async def test_what_was_never_sent_is_said_to_be(exchanges: Exchanges) -> None:
    async with wire(answering()) as served:
        pass
    result = await run(exchanges, writing(served), amount=1)
    assert result.outcome == "error"
    assert "Nothing was sent" in result.text


async def test_a_compressed_answer_is_unpacked_and_a_bomb_is_not(exchanges: Exchanges) -> None:
    async with wire(answering(gzip.compress(b'{"a": 1}'), content_encoding="gzip")) as served:
        assert (await run(exchanges, reading(served))).text == '{"a":1}'
    bomb = gzip.compress(b"0" * 100_000_000, compresslevel=1)
    async with wire(answering(bomb, content_encoding="gzip")) as served:
        assert f"Only the first {MAX_BODY:,} bytes" in (await run(exchanges, reading(served))).text


async def test_reads_share_a_connection_and_writes_have_their_own(exchanges: Exchanges) -> None:
    async with wire(answering()) as served:
        for _ in range(3):
            await run(exchanges, reading(served))
        assert served.connections == 1
        for _ in range(3):
            await run(exchanges, writing(served), amount=1)
        assert served.connections == 4


async def test_a_kept_connection_that_was_closed_does_not_cost_the_call(exchanges: Exchanges) -> None:
    count = 0

    async def closing_on_the_second(served: Wire, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        if count == 2:
            writer.close()
        else:
            await answering()(served, writer)

    async with wire(closing_on_the_second) as served:
        assert (await run(exchanges, reading(served))).outcome == "ok"
        assert (await run(exchanges, reading(served))).outcome == "ok"
        assert served.connections == 2


async def test_a_cookie_of_one_user_is_not_sent_for_another(exchanges: Exchanges) -> None:
    async with wire(answering(set_cookie="session=alice")) as served:
        await run(exchanges, reading(served))
        await run(exchanges, reading(served))
        assert "alice" not in "".join(served.requests)


async def test_a_proxy_in_the_environment_is_not_used(exchanges: Exchanges, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with wire(answering()) as served:
        assert (await run(exchanges, reading(served))).outcome == "ok"


async def test_calls_run_at_the_same_time(exchanges: Exchanges) -> None:
    together = asyncio.Barrier(3)

    async def meeting(served: Wire, writer: asyncio.StreamWriter) -> None:
        await together.wait()
        await answering()(served, writer)

    async with wire(meeting) as served:
        results = await asyncio.gather(*(run(exchanges, reading(served, timeout=5)) for _ in range(3)))
    assert [result.outcome for result in results] == ["ok"] * 3


async def test_cancelling_hangs_up(exchanges: Exchanges) -> None:
    async with wire(dripping(0.01)) as served:
        task = asyncio.create_task(run(exchanges, reading(served)))
        await served.asked.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()
        await served.gone.wait()


async def test_this_machine_is_not_reached_unless_the_stack_is_local() -> None:
    async with wire(answering()) as served:
        exchanges = Exchanges()
        result = await run(exchanges, writing(served), amount=1)
        assert result.outcome == "error"
        assert "localhost is a loopback address, which tools do not reach. Nothing was sent." in result.text
        assert not served.connections


async def test_a_declared_name_that_resolves_to_this_machine_is_refused_even_there() -> None:
    async def lying(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with wire(answering()) as served:
        exchanges = Exchanges(GuardedNetwork(allow_loopback=True, resolve=lying))
        result = await run(exchanges, reading(served, server=f"http://api.example.com:{served.port}"))
        assert "api.example.com is a loopback address" in result.text
        assert not served.connections


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_new_event_loop_has_new_connections() -> None:
    exchanges = Exchanges(GuardedNetwork(allow_loopback=True))

    async def once(*, last: bool) -> str:
        async with wire(answering()) as served:
            result = await run(exchanges, reading(served))
        if last:
            await exchanges.close()
        return result.outcome

    assert [asyncio.run(once(last=last)) for last in (False, True)] == ["ok", "ok"]
    gc.collect()  # the first loop's connections are nobody's now
