"""A user's own key for a model provider: whose it is, which turns use it, and what is shown of it."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from tests.contract.service import SAID, Running
from tests.contract.shapes import Complete, Error, snapshot, spoken, stream

KEYS = "/api/control/provider-keys"
OF_OPERATOR = "Bearer demo"


def new() -> str:
    return str(uuid4())


def own_key() -> str:
    return f"sk-own-{new()}"


def asked_with(running: Running, message: str) -> list[str]:
    """The keys that the provider was asked with for this message."""
    return [
        request.headers["authorization"]
        for request in running.provider.requests
        if request.body["messages"][-1].get("content") == message
    ]


@pytest.mark.parametrize("bound", ["by query", "by body", "by chat", "by state", "by a key"])
def test_keys_belong_to_the_client_id_bound_to_the_session(http: httpx.Client, bound: str) -> None:
    client, session, key = new(), {"X-Session-Id": new()}, own_key()
    sent = {"provider": "openai", "api_key": key, "label": "mine"}
    shown = {"provider": "openai", "key_prefix": key[:8], "label": "mine", "is_active": True}
    match bound:
        case "by query":
            answer = http.post(KEYS, params={"client_id": client}, json=sent)
        case "by body":
            answer = http.post(KEYS, json={**sent, "client_id": client})
        case "by chat":
            http.post("/api/chat", params={"message": "hi", "client_id": client}, headers=session)
            answer = http.post(KEYS, json=sent, headers=session)
        case "by state":
            http.get("/api/state", params={"client_id": client}, headers=session)
            answer = http.post(KEYS, json=sent, headers=session)
        case _:
            http.post(KEYS, params={"client_id": client}, json={**sent, "provider": "anthropic"}, headers=session)
            http.delete(f"{KEYS}/anthropic", headers=session)
            answer = http.post(KEYS, json=sent, headers=session)
    assert answer.json() == {"key": shown}
    assert http.get(KEYS, params={"client_id": client}).json() == {"provider_keys": [shown]}
    assert http.get(KEYS, params={"client_id": new()}).json() == {"provider_keys": []}
    assert http.delete(f"{KEYS}/OpenAI", params={"client_id": client}).json() == {"deleted": True}
    assert http.delete(f"{KEYS}/openai", params={"client_id": client}).json() == {"deleted": False}
    assert http.get(KEYS, params={"client_id": client}).json() == {"provider_keys": []}


def test_without_a_client_id_there_are_no_keys(http: httpx.Client) -> None:
    for session in ({}, {"X-Session-Id": new()}):
        for method, path in (("GET", KEYS), ("POST", KEYS), ("DELETE", f"{KEYS}/openai")):
            body = {"provider": "openai", "api_key": own_key()} if method == "POST" else None
            answer = http.request(method, path, headers=session, json=body)
            assert (answer.status_code, "client id" in answer.json()["error"]) == (400, True)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"api_key": "sk-own"}, "provider is missing"),
        ({"provider": "openai"}, "api_key is missing"),
        ({"provider": "openai", "api_key": " "}, "api_key is missing"),
        ({"provider": "openai", "api_key": 7}, "api_key is missing"),
        ({"provider": "acme", "api_key": "sk-own"}, "there are anthropic, openai, openrouter"),
        ({"provider": "openai", "api_key": "sk own"}, "plain ASCII"),
        ({"provider": "openai", "api_key": "sk-own", "label": ["x"]}, "label"),
        ({"provider": "openai", "api_key": "sk-own", "label": "x" * 101}, "label"),
    ],
)
def test_what_is_no_key_is_refused_and_binds_nothing(http: httpx.Client, body: dict[str, object], words: str) -> None:
    session = {"X-Session-Id": new()}
    answer = http.post(KEYS, params={"client_id": new()}, json=body, headers=session)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert http.get(f"/api/sessions/{session['X-Session-Id']}").status_code == 404


def test_a_key_of_the_query_is_not_taken(http: httpx.Client) -> None:
    asked = {"client_id": new(), "provider": "openai", "api_key": own_key()}
    assert http.post(KEYS, params=asked).status_code == 400


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
@pytest.mark.parametrize("way", ["provider key", "secret"])
def test_turns_of_a_client_use_its_key_for_that_providers_models(
    http: httpx.Client, running: Running, accept: str, way: str
) -> None:
    client, key, session = new(), own_key(), {"X-Session-Id": new()}
    if way == "secret":
        http.post("/api/secrets", json={"client_id": client, "secrets": {"PROVIDER_KEY:openai": key}})
    else:
        http.post(KEYS, params={"client_id": client}, json={"provider": "openai", "api_key": key})
    headers = {**session, "Accept": accept, "Prefer": "wait=20"}

    def keys_for(client_id: str | None) -> list[str]:
        message = f"hi {new()}"
        params = {"message": message} | ({"client_id": client_id} if client_id else {})
        answer = http.post("/api/chat", params=params, headers=headers)
        said = spoken(stream(answer)) if accept == "text/event-stream" else snapshot(answer).answer
        assert said == SAID
        return asked_with(running, message)

    http.post("/api/control/model?rig=gpt-4o", headers=session)
    assert keys_for(client) == [f"Bearer {key}"]
    assert keys_for(None) == [OF_OPERATOR]
    assert keys_for(new()) == [OF_OPERATOR]
    http.post("/api/control/model?rig=claude-sonnet", headers=session)
    assert keys_for(client) == [OF_OPERATOR]
    http.post("/api/control/model?rig=gpt-4o", headers=session)
    http.delete(f"{KEYS}/openai", params={"client_id": client})
    assert keys_for(client) == [OF_OPERATOR]


def test_a_bad_key_of_ones_own_is_said_and_the_operators_is_not_used(http: httpx.Client, running: Running) -> None:
    client, key, headers = new(), f"sk-bad-{new()}", {"X-Session-Id": new()}
    http.post("/api/control/model?rig=gpt-4o", headers=headers)
    http.post(KEYS, params={"client_id": client}, json={"provider": "openai", "api_key": key})
    message = f"hi {new()}"
    answer = http.post("/api/chat", params={"client_id": client}, json={"text": message}, headers=headers)
    failed = stream(answer)[-1].event
    assert isinstance(failed, Error)
    assert failed.message.startswith("openai does not accept your own API key.")
    assert (failed.code, failed.retryable) == ("provider_refused", False)
    assert asked_with(running, message) == [f"Bearer {key}"]
    shown = snapshot(http.get("/api/state", headers=headers))
    assert {"SystemError": failed.message} in shown.system_events
    assert shown.said[-1] == ("agent", failed.message)


def test_a_fallback_answers_where_the_model_does_not_and_own_keys_have_none(
    http: httpx.Client, running: Running
) -> None:
    def last(**params: str) -> Complete | Error:
        headers = {"X-Session-Id": new(), "AOMI-APP-KEY": running.keys.bank}
        answer = http.post("/api/chat", params={"app": "bank", **params}, json={"text": "mini hi"}, headers=headers)
        event = stream(answer)[-1].event
        assert isinstance(event, Complete | Error)
        return event

    answered = last()
    assert isinstance(answered, Complete)
    assert answered.usage is not None
    assert answered.usage.model == "gpt-4o"
    client = new()
    http.post(KEYS, params={"client_id": client}, json={"provider": "openai", "api_key": own_key()})
    failed = last(client_id=client)
    assert isinstance(failed, Error)
    assert "with your own API key for openai" in failed.message
