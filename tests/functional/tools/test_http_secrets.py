"""Secrets of HTTP tools: where they are sent, and that no result shows them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from attache.errors import Unavailable
from attache.tools.http_exchange import Exchanges
from attache.tools.tool import ToolResult
from tests.fakes.secret_source import FakeSecretSource
from tests.functional.tools.calling import HANDLE, HEADER, KEY, reading, run
from tests.functional.tools.wire import answering, wire
from tests.unit.tools.tools import binding, http_tool


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
