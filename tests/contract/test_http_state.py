"""State, events and interrupt; what every answer about a session has."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.shapes import Complete, Interrupted, Received, Text, events, snapshot, spoken

EMPTY = {
    "status": "idle",
    "is_processing": False,
    "title": "New chat",
    "messages": [],
    "system_events": [],
    "user_state": None,
}


def session() -> dict[str, str]:
    return {"X-Session-Id": str(uuid4())}


@pytest.mark.parametrize("place", ["header", "query"])
def test_a_session_that_was_never_used_is_empty_and_stays_unwritten(http: httpx.Client, place: str) -> None:
    headers = session()
    session_id = headers["X-Session-Id"]
    sent: dict[str, Any] = {"headers": headers} if place == "header" else {"params": {"session_id": session_id}}
    for _ in range(2):
        answer = http.get("/api/state", **sent)
        snapshot(answer)
        assert EMPTY.items() <= answer.json().items()
        assert answer.json()["session_id"] == session_id
    assert http.get(f"/api/sessions/{session_id}").status_code == 404
    assert http.get("/api/events", headers=headers).json() == []


def test_user_state_is_heard_in_both_forms_and_kept(http: httpx.Client) -> None:
    headers = session()
    sent: tuple[dict[str, Any], ...] = (
        {"address": "0xabc", "chain_id": 1, "is_connected": True, "theme": "dark"},
        {"evm": {"chain_id": 137}},
        {"pending_txs": {"1": {}}, "next_id": 7},
    )
    *_, found = (
        snapshot(http.get("/api/state", headers=headers, params={"user_state": json.dumps(state)})) for state in sent
    )
    assert found.user_state is not None
    assert found.user_state["address"] == found.user_state["evm"]["address"] == "0xabc"
    assert found.user_state["chain_id"] == found.user_state["evm"]["chain_id"] == 137
    assert found.user_state["theme"] == "dark"
    assert not found.user_state.get("pending_txs")

    echo = http.get("/api/state", headers=headers, params={"user_state": json.dumps(found.user_state)})
    assert snapshot(echo).last_event_id == found.last_event_id, "an echo that changes nothing writes nothing"
    gone = http.get("/api/state", headers=headers, params={"user_state": '{"is_connected": false}'})
    assert not (snapshot(gone).user_state or {}).get("address")


def test_a_tag_holds_until_something_changes(http: httpx.Client) -> None:
    headers = session()
    http.post("/api/chat?message=hi", headers=headers)
    tag = http.get("/api/state", headers=headers).headers["etag"]
    for form in (tag, f"W/{tag}", f'"another", W/{tag}', f'{tag}, "another"', "*"):
        unchanged = http.get("/api/state", headers={**headers, "If-None-Match": form})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["etag"] == tag
        assert unchanged.headers["cache-control"] == "private, no-cache"
    http.post("/api/chat?message=hi", headers=headers)
    changed = http.get("/api/state", headers={**headers, "If-None-Match": tag})
    assert (changed.status_code, len(snapshot(changed).messages)) == (200, 4)
    for form in ('"what"', '"what", W/"that"', '"*"'):
        assert http.get("/api/state", headers={**headers, "If-None-Match": form}).status_code == 200


def test_any_tag_keeps_no_system_event_back(http: httpx.Client) -> None:
    headers = session()
    http.post("/api/chat", headers=headers, json={"text": "fail"})
    answers = [http.get("/api/state", headers={**headers, "If-None-Match": "*"}).status_code for _ in range(2)]
    assert answers == [200, 304]
    assert http.get("/api/state", headers={**session(), "If-None-Match": "*"}).status_code == 200


def test_a_tag_is_of_one_session(http: httpx.Client) -> None:
    one, other = session(), session()
    for _ in range(2):
        http.post("/api/chat?message=hi", headers=one)
    tag = http.get("/api/state", headers=one).headers["etag"]
    http.post("/api/chat?message=hi", headers=other)
    for headers in (other, session()):
        assert http.get("/api/state", headers={**headers, "If-None-Match": tag}).status_code == 200


def test_a_running_answer_grows(http: httpx.Client) -> None:
    headers, seen = session(), list[str]()
    http.post("/api/chat?message=slow", headers={**headers, "Prefer": "respond-async"})
    while (found := snapshot(http.get("/api/state", headers=headers))).is_processing:
        assert found.status == "processing"
        if found.messages[-1].sender == "agent" and found.messages[-1].is_streaming:
            seen.append(found.messages[-1].content)
        time.sleep(0.05)
    assert found.answer == "one two three four "
    assert not found.messages[-1].is_streaming
    assert seen
    assert seen == sorted(seen, key=len)
    assert all(found.answer.startswith(text) for text in seen)


def test_system_events_are_delivered_once_and_kept(http: httpx.Client) -> None:
    headers = session()
    http.post("/api/chat", headers=headers, json={"text": "fail"})
    first, second = (http.get("/api/state", headers=headers) for _ in range(2))
    (event,) = snapshot(first).system_events
    assert set(event) == {"SystemError"}
    assert "etag" not in first.headers
    assert snapshot(second).system_events == []
    assert "etag" in second.headers
    for count, known in (("", [event]), ("?count=", [event]), ("?count=5", [event]), ("?count=0", [])):
        assert http.get(f"/api/events{count}", headers=headers).json() == known


def test_history_before_a_message(http: httpx.Client) -> None:
    headers = session()
    for _ in range(2):
        http.post("/api/chat?message=hi", headers=headers)
    everything = snapshot(http.get("/api/state", headers=headers)).messages
    earlier = snapshot(http.get("/api/state", headers=headers, params={"before": everything[2].id})).messages
    assert earlier == everything[:2]


@pytest.mark.parametrize("before", ["0a1b2c3d-1", "nonsense", "{tag}-999", "{tag}-2-call", "{tag}-0"])
def test_history_before_what_is_no_message_is_refused(http: httpx.Client, before: str) -> None:
    headers = session()
    last_event_id = snapshot(http.post("/api/chat?message=hi", headers=headers)).last_event_id
    sent = before.format(tag=last_event_id.split("-")[0])
    answer = http.get("/api/state", headers=headers, params={"before": sent})
    assert answer.status_code == 400
    assert sent in answer.json()["error"]


def test_an_interrupt_stops_what_runs_and_keeps_what_was_said(http: httpx.Client) -> None:
    headers = session()
    with http.stream("POST", "/api/chat", headers=headers, json={"text": "slow"}) as answer:
        pieces = answer.iter_raw()
        content = b""
        while b'"two "' not in content:
            content += next(pieces)
        interrupted = http.post("/api/interrupt", headers=headers)
        content += b"".join(pieces)
    after = Interrupted.model_validate_json(interrupted.content)
    assert (after.interrupted, after.is_processing, after.status) == (True, False, "interrupted")
    received: list[Received] = list(events(content.split(b"\n\n")))
    last = received[-1].event
    assert isinstance(last, Complete)
    assert last.status == "interrupted"
    assert spoken(received) == after.answer
    assert after.answer.startswith("one two ")
    assert any(isinstance(each.event, Text) for each in received)
    again = Interrupted.model_validate_json(http.post("/api/interrupt", headers=headers).content)
    assert again.interrupted is False
    assert snapshot(http.post("/api/chat?message=hi", headers=headers)).status == "idle"


def test_a_silent_provider_can_be_interrupted(http: httpx.Client) -> None:
    headers = session()
    http.post("/api/chat?message=hang", headers={**headers, "Prefer": "respond-async"})
    began = time.monotonic()
    after = Interrupted.model_validate_json(http.post("/api/interrupt", headers=headers).content)
    assert time.monotonic() - began < 2.5
    assert (after.interrupted, after.is_processing) == (True, False)


def test_a_session_that_is_not_there_cannot_be_interrupted(http: httpx.Client) -> None:
    assert http.post("/api/interrupt", headers=session()).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/state"),
        ("GET", "/api/events"),
        ("POST", "/api/chat?message=hi"),
        ("POST", "/api/interrupt"),
        ("POST", "/api/sessions"),
        ("GET", "/api/sessions/{id}"),
        ("PATCH", "/api/sessions/{id}"),
        ("POST", "/api/control/model?rig=gpt-4o"),
    ],
)
def test_answers_about_a_session_are_kept_by_nobody_and_read_by_any_browser(
    http: httpx.Client, method: str, path: str
) -> None:
    headers = {**session(), "Origin": "https://a.example", "Prefer": "respond-async"}
    answer = http.request(method, path.format(id=headers["X-Session-Id"]), headers=headers)
    assert answer.headers["cache-control"] == "private, no-cache"
    assert {name.strip() for name in answer.headers["vary"].split(",")} >= {
        "X-Session-Id", "AOMI-APP-KEY", "X-API-Key",
    }  # fmt: skip
    assert answer.headers["access-control-allow-origin"] == "*"
    preflight = http.options(path, headers={"Origin": "https://a.example", "Access-Control-Request-Method": method})
    assert preflight.status_code == 200
    assert method in preflight.headers["access-control-allow-methods"]


def test_health(http: httpx.Client) -> None:
    answer = http.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert set(answer.json()) == {"status", "version"}
