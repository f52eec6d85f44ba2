"""Secrets of a client: given, used for that client alone, taken back, and never shown."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.service import Running
from tests.contract.shapes import Snapshot, ToolResult, snapshot, stream

STREAM, SNAPSHOT = "text/event-stream", "application/json"
HANDLE = "$SECRET:PIN"


def new() -> str:
    return str(uuid4())


def give(http: httpx.Client, client_id: str, **secrets: str) -> httpx.Response:
    return http.post("/api/secrets", json={"client_id": client_id, "secrets": secrets})


def said_by_tool(http: httpx.Client, key: str, app: str, accept: str, client_id: str | None, message: str) -> str:
    """The result of the tool that a message makes the model call."""
    client = {"client_id": client_id} if client_id else {}
    headers = {"X-Session-Id": new(), "AOMI-APP-KEY": key, "Accept": accept, "Prefer": "wait=20"}
    answer = http.post("/api/chat", params={"app": app, "message": message, **client}, headers=headers)
    if accept == STREAM:
        [result] = [each.event.result for each in stream(answer) if isinstance(each.event, ToolResult)]
        return result if isinstance(result, str) else json.dumps(result)
    [shown] = [message.tool_result for message in snapshot(answer).messages if message.tool_result]
    return shown[1]


def requests_with(running: Running, text: str) -> int:
    return sum(text in request for request in running.vendor.requests)


@pytest.mark.parametrize("accept", [STREAM, SNAPSHOT])
def test_a_clients_secret_is_for_that_client_until_it_is_taken_back(
    http: httpx.Client, running: Running, accept: str
) -> None:
    client, value = new(), f"of-the-client-{new()}"
    ask = 'call Look {"where": "things"}'
    assert "API_KEY" in said_by_tool(http, running.keys.vault, "vault", accept, client, ask)
    assert give(http, client, API_KEY=value).json() == {"handles": {"API_KEY": "$SECRET:API_KEY"}}
    shown = said_by_tool(http, running.keys.vault, "vault", accept, client, ask)
    assert (value in shown, "[secret]" in shown, requests_with(running, f"?key={value}")) == (False, True, 1)
    for another in (new(), None):
        missing = said_by_tool(http, running.keys.vault, "vault", accept, another, ask)
        assert "API_KEY" in missing
        assert "missing" in missing
    assert http.delete("/api/secrets/API_KEY", params={"client_id": client}).json() == {"deleted": True}
    assert http.delete("/api/secrets/API_KEY", params={"client_id": client}).json() == {"deleted": False}
    assert "missing" in said_by_tool(http, running.keys.vault, "vault", accept, client, ask)
    assert requests_with(running, value) == 1


@pytest.mark.parametrize("header", ["AOMI-APP-KEY", "X-API-Key"])
def test_what_comes_with_a_key_is_for_the_apps_of_that_key(http: httpx.Client, running: Running, header: str) -> None:
    client, value = new(), f"of-the-client-{new()}"
    ask = 'call Look {"where": "things"}'
    given = {"client_id": client, "secrets": {"API_KEY": value}}
    assert http.post("/api/secrets", json=given, headers={header: running.keys.vault}).status_code == 200
    assert "missing" in said_by_tool(http, running.keys.bank, "bank", STREAM, client, ask)
    assert "[secret]" in said_by_tool(http, running.keys.vault, "vault", STREAM, client, ask)
    assert give(http, client, API_KEY=value).status_code == 200
    assert "[secret]" in said_by_tool(http, running.keys.bank, "bank", STREAM, client, ask)


def test_a_handle_stands_for_the_clients_own_value(http: httpx.Client, running: Running) -> None:
    client, pin, key = new(), f"pin-{new()}", f"of-the-client-{new()}"
    give(http, client, PIN=pin, API_KEY=key)
    ask = 'call Send {"note": "Bearer %s"}'
    shown = said_by_tool(http, running.keys.vault, "vault", STREAM, client, ask % HANDLE)
    assert requests_with(running, f'{{"note":"Bearer {pin}"}}') == 1
    assert (pin in shown, key in shown) == (False, False)
    undeclared = said_by_tool(http, running.keys.bank, "bank", STREAM, client, ask % HANDLE)
    assert f"{HANDLE} is no secret of this app" in undeclared
    another = new()
    give(http, another, API_KEY=key)
    without = said_by_tool(http, running.keys.vault, "vault", STREAM, another, ask % HANDLE)
    assert "client has set no secret PIN" in without


@pytest.mark.parametrize(
    ("note", "lacks"), [("hello", "API_KEY of the app vault is not set"), (HANDLE, "has set no secret PIN")]
)
def test_nobody_is_asked_to_approve_what_lacks_a_secret(
    http: httpx.Client, running: Running, note: str, lacks: str
) -> None:
    client = new()
    if note == HANDLE:
        give(http, client, API_KEY="of-the-client")
    headers = {"X-Session-Id": new(), "AOMI-APP-KEY": running.keys.vault}
    asks = {"app": "vault", "client_id": client, "message": f'call Give {{"note": "{note}"}}'}
    [told] = [each.tool_result for each in _snapshot_of(http, headers, asks).messages if each.tool_result]
    assert lacks in told[1]
    assert http.get("/api/events", headers=headers).json() == [], "nothing is asked"
    give(http, client, API_KEY="of-the-client", PIN="of-the-client-too")
    shown = _snapshot_of(http, headers, asks)
    [event] = shown.system_events
    assert event["InlineCall"]["type"] == "tool_approval_request"
    assert event["InlineCall"]["payload"]["args"] == {"note": note}, "of a handle nobody sees the value"


def _snapshot_of(http: httpx.Client, headers: dict[str, str], asks: dict[str, str]) -> Snapshot:
    found = snapshot(http.post("/api/chat", params=asks, headers={**headers, "Prefer": "wait=20"}))
    assert not found.is_processing
    return found


def test_all_of_a_client_is_cleared_at_once(http: httpx.Client) -> None:
    client = new()
    give(http, client, A="one", B="two", **{"PROVIDER_KEY:openai": "sk-own-0123456789"})
    assert http.delete("/api/secrets", params={"client_id": client}).json() == {"cleared": True}
    assert http.delete("/api/secrets/A", params={"client_id": client}).json() == {"deleted": False}
    assert http.get("/api/control/provider-keys", params={"client_id": client}).json() == {"provider_keys": []}
    assert http.delete("/api/secrets", params={"client_id": client}).json() == {"cleared": True}


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({}, 400, "client id"),
    ({"client_id": "c"}, 400, "Secrets are missing"),
    ({"client_id": "c", "secrets": []}, 400, "Secrets are missing"),
    ({"client_id": "c", "secrets": {}}, 400, "between one and 50"),
    ({"client_id": "c", "secrets": {"A": 1}}, 400, "Secrets are missing"),
    ({"client_id": "c", "secrets": {"A": None}}, 400, "Secrets are missing"),
    ({"client_id": "c", "secrets": {"A": ""}}, 400, "empty"),
    ({"client_id": "c", "secrets": {"a b": "x"}}, 400, "name of a secret"),
    ({"client_id": "c", "secrets": {"": "x"}}, 400, "name of a secret"),
    ({"client_id": 7, "secrets": {"A": "x"}}, 400, "client_id"),
    ({"client_id": "c", "secrets": {"PROVIDER_KEY:acme": "x"}}, 400, "no model provider 'acme'"),
    ({"client_id": "c", "secrets": {"A": "x" * 65_537}}, 413, "65,537 bytes"),
]


@pytest.mark.parametrize(("body", "status", "words"), BAD)
def test_what_is_no_secret_is_refused(http: httpx.Client, body: dict[str, Any], status: int, words: str) -> None:
    answer = http.post("/api/secrets", json=body)
    assert answer.status_code == status
    assert words in answer.json()["error"]


def test_64_kb_are_kept(http: httpx.Client) -> None:
    assert give(http, new(), A="x" * 65_536).status_code == 200


@pytest.mark.parametrize("path", ["/api/secrets", "/api/secrets/A"])
def test_without_a_client_id_nothing_is_deleted(http: httpx.Client, path: str) -> None:
    assert http.delete(path).status_code == 400


@pytest.mark.parametrize("path", ["/api/secrets", "/api/secrets/A"])
def test_secrets_are_listed_nowhere(http: httpx.Client, path: str) -> None:
    assert http.get(path, params={"client_id": "c"}).status_code == 405


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/secrets"),
        ("DELETE", "/api/secrets"),
        ("DELETE", "/api/secrets/A"),
        ("GET", "/api/control/provider-keys"),
        ("POST", "/api/control/provider-keys"),
        ("DELETE", "/api/control/provider-keys/openai"),
    ],
)
@pytest.mark.parametrize(("whose", "status"), [("unknown", 401), ("revoked", 401), ("other", 403), ("vault", 200)])
def test_a_key_that_comes_along_is_checked(
    http: httpx.Client, running: Running, method: str, path: str, whose: str, status: int
) -> None:
    session, keys = {"X-Session-Id": new()}, running.keys
    http.post("/api/control/model?app=vault&rig=gpt-4o", headers={**session, "AOMI-APP-KEY": keys.vault})
    body = {"secrets": {"A": "x"}, "provider": "openai", "api_key": "sk-own"} if method == "POST" else None
    headers = {**session, "X-API-Key": getattr(keys, whose)}
    assert http.request(method, path, params={"client_id": new()}, json=body, headers=headers).status_code == status
