"""What is refused: with the contract's status and words, before anything is written."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.service import Running
from tests.contract.shapes import snapshot

TOO_LONG = "x" * 32_001
TOO_BIG = b'{"text": "' + b"x" * 1_100_000 + b'"}'


def refused(answer: httpx.Response, status: int) -> str:
    """The words of a refusal, which is plain JSON that any browser may read."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    body = answer.json()
    assert set(body) == {"error"}
    assert isinstance(body["error"], str)
    return str(body["error"])


CHATS: list[tuple[str, dict[str, Any], int]] = [
    ("no message", {}, 400),
    ("empty text", {"json": {"text": ""}}, 400),
    ("blank text", {"json": {"text": " \n"}}, 400),
    ("empty message", {"params": {"message": ""}}, 400),
    ("text that is no string", {"json": {"text": {"a": 1}}}, 400),
    ("malformed JSON", {"content": b'{"text": "hi"'}, 400),
    ("JSON that is no object", {"content": b'["hi"]'}, 400),
    ("a form", {"content": b"text=hi", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400),
    ("bytes that are no text", {"content": b'{"text": "\xff"}'}, 400),
    ("half a character", {"content": b'{"text": "\\ud800"}'}, 400),
    ("a body over 1 MB", {"content": TOO_BIG}, 413),
    ("a body over 1 MB in chunks", {"content": iter([TOO_BIG])}, 413),
    ("a long text", {"json": {"text": TOO_LONG}}, 413),
    ("a long message", {"params": {"message": TOO_LONG}}, 413),
    ("user_state that is no JSON", {"params": {"message": "hi", "user_state": "{"}}, 400),
    ("user_state that is a list", {"params": {"message": "hi", "user_state": "[]"}}, 400),
    ("user_state that is null", {"params": {"message": "hi", "user_state": "null"}}, 400),
    ("user_state that is a number", {"json": {"text": "hi", "user_state": 7}}, 400),
    ("user_state that is a list in a body", {"json": {"text": "hi", "user_state": [1]}}, 400),
    ("user_state over 16 KB", {"json": {"text": "hi", "user_state": {"a": "x" * 16_400}}}, 400),
    ("user_state with no object for evm", {"json": {"text": "hi", "user_state": {"evm": "x"}}}, 400),
    ("a client id that is no string", {"json": {"text": "hi", "client_id": 7}}, 400),
    ("an endless client id", {"params": {"message": "hi", "client_id": "x" * 256}}, 400),
    ("an endless Idempotency-Key", {"json": {"text": "hi"}, "headers": {"Idempotency-Key": "x" * 256}}, 400),
    ("an unknown app without a key", {"params": {"message": "hi", "app": "nothing"}}, 401),
    ("a known app without a key", {"params": {"message": "hi", "app": "shop"}}, 401),
    ("an app that no key can be for", {"params": {"message": "hi", "app": "../shop"}}, 401),
]


@pytest.mark.parametrize(("sent", "status"), [case[1:] for case in CHATS], ids=[case[0] for case in CHATS])
def test_a_chat_that_is_refused_writes_nothing(http: httpx.Client, sent: dict[str, Any], status: int) -> None:
    session = {"X-Session-Id": str(uuid4())}
    assert refused(http.post("/api/chat", **{**sent, "headers": {**session, **sent.get("headers", {})}}), status)
    untouched(http, session)


def untouched(http: httpx.Client, session: dict[str, str]) -> None:
    refused(http.get(f"/api/sessions/{session['X-Session-Id']}"), 404)
    state = http.get("/api/state", headers=session)
    assert snapshot(state).messages == []
    assert snapshot(state).is_processing is False


SESSION_ENDPOINTS = [
    ("POST", "/api/chat?message=hi"),
    ("GET", "/api/state"),
    ("POST", "/api/interrupt"),
    ("GET", "/api/events"),
    ("POST", "/api/system?message=hi"),
    ("GET", "/api/updates"),
    ("POST", "/api/control/model?rig=gpt-4o"),
    ("POST", "/api/sessions"),
]


@pytest.mark.parametrize(("method", "path"), SESSION_ENDPOINTS)
@pytest.mark.parametrize("session_id", [None, "", "new", "123", "3f1c2c9e8a534a869d7b0f5d3f6a2b11", "{}", "null"])
def test_a_session_is_a_uuid(http: httpx.Client, method: str, path: str, session_id: str | None) -> None:
    headers = {} if session_id is None else {"X-Session-Id": session_id}
    assert "session id" in refused(http.request(method, path, headers=headers), 400)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_session_in_a_path_is_a_uuid_too(http: httpx.Client, method: str) -> None:
    body = {"title": "Mine"} if method == "PATCH" else None
    refused(http.request(method, "/api/sessions/new", json=body), 400)


@pytest.mark.parametrize(("method", "path"), SESSION_ENDPOINTS)
@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_a_malformed_body_is_refused_wherever_there_is_one(
    http: httpx.Client, method: str, path: str, body: bytes
) -> None:
    session = {"X-Session-Id": str(uuid4())}
    refused(http.request(method, path, headers=session, content=body), 400)
    untouched(http, session)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/control/model", {}),
        ("POST", "/api/control/model", {"model": "no-such-model"}),
        ("POST", "/api/control/model", {"model": ""}),
        ("POST", "/api/control/model", {"model": ["gpt-4o"]}),
        ("GET", "/api/events?count=many", None),
        ("GET", "/api/sessions", None),
        ("GET", "/api/state?user_state=[]", None),
        ("GET", '/api/state?client_id=new&user_state={"chain_id": "one"}', None),
    ],
)
def test_other_bad_input(http: httpx.Client, method: str, path: str, body: dict[str, Any] | None) -> None:
    session = {"X-Session-Id": str(uuid4())}
    refused(http.request(method, path, headers=session, json=body), 400)
    untouched(http, session)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/state?client_id=caf%E9"), ("POST", "/api/chat?message=caf%E9")]
)
def test_a_query_that_is_no_text(http: httpx.Client, method: str, path: str) -> None:
    session = {"X-Session-Id": str(uuid4())}
    refused(http.request(method, path, headers=session), 400)
    untouched(http, session)


@pytest.mark.parametrize("body", [{}, {"title": ""}, {"title": 5}, {"title": None}, {"title": "x" * 201}])
def test_a_title_is_a_short_text(http: httpx.Client, body: dict[str, Any]) -> None:
    session_id = str(uuid4())
    http.post("/api/sessions", headers={"X-Session-Id": session_id})
    refused(http.patch(f"/api/sessions/{session_id}", json=body), 400)
    assert http.get(f"/api/sessions/{session_id}").json()["title"] == "New chat"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/api", 404),
        ("GET", "/api/nothing", 404),
        ("POST", "/api/chat/", 404),
        ("GET", "/api/control/nothing", 404),
        ("POST", "/api/control/nothing", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("GET", "/api/chat", 405),
        ("POST", "/api/state", 405),
        ("PUT", "/api/sessions", 405),
        ("DELETE", "/api/control/model", 405),
        ("POST", "/health", 405),
    ],
)
def test_what_is_no_endpoint(http: httpx.Client, method: str, path: str, status: int) -> None:
    refused(http.request(method, path, headers={"X-Session-Id": str(uuid4())}), status)


def test_a_refusal_on_a_stream_comes_before_it(http: httpx.Client) -> None:
    headers = {"X-Session-Id": str(uuid4()), "Accept": "text/event-stream"}
    refused(http.post("/api/chat?app=shop", headers=headers, json={"text": "hi"}), 401)


def test_too_many_messages_wait_for_nobody(http: httpx.Client) -> None:
    headers = {"X-Session-Id": str(uuid4()), "Prefer": "respond-async"}
    with http.stream("POST", "/api/chat", headers=headers, json={"text": "hang"}) as running:
        next(running.iter_bytes())
        for _ in range(20):
            assert http.post("/api/chat?message=next", headers=headers).status_code == 200
        answer = http.post("/api/chat?message=one too many", headers=headers)
        refused(answer, 429)
        assert int(answer.headers["retry-after"]) > 0
        interrupted = http.post("/api/interrupt", headers=headers).json()
    assert interrupted["interrupted"] is True
    said = [message["content"] for message in interrupted["messages"]]
    assert "one too many" not in said
    assert said.count("next") == 20


def test_a_wrong_method_is_told_the_right_ones(http: httpx.Client) -> None:
    answer = http.put("/api/sessions")
    assert "only GET, POST" in refused(answer, 405)
    assert answer.headers["allow"] == "GET, POST"


KEYED_ENDPOINTS = [
    *SESSION_ENDPOINTS,
    ("GET", "/api/sessions?public_key=0xabc"),
    ("GET", "/api/control/apps"),
    ("GET", "/api/session/models"),
    ("GET", "/api/control/provider-keys?client_id=c"),
    ("DELETE", "/api/secrets?client_id=c"),
    ("GET", "/api/wallet/nonce?public_key=0xabc"),
    ("POST", "/api/wallet/verify"),
]


@pytest.mark.parametrize(
    ("which", "header"),
    [("revoked", "AOMI-APP-KEY"), ("expired", "X-API-Key"), ("unknown", "AOMI-APP-KEY"), ("nonsense", "X-API-Key")],
)
def test_a_bad_key_is_refused_everywhere(http: httpx.Client, running: Running, which: str, header: str) -> None:
    key: str = getattr(running.keys, which, "not a key")
    for method, path in KEYED_ENDPOINTS:
        session = {"X-Session-Id": str(uuid4())}
        refused(http.request(method, path, headers={**session, header: key}), 401)
        untouched(http, session)
