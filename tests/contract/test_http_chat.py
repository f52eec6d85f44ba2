"""Chat in both dialects, and in every mixture of them."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.service import SAID, Running
from tests.contract.shapes import (
    Complete,
    Error,
    Received,
    Started,
    Text,
    ToolCall,
    ToolResult,
    events,
    snapshot,
    spoken,
    stream,
)

STREAM, SNAPSHOT = "text/event-stream", "application/json"


def session() -> dict[str, str]:
    return {"X-Session-Id": str(uuid4())}


@pytest.mark.parametrize(
    ("key_header", "message", "session_in", "user_state"),
    [
        (key, message, place, state)
        for (key, message, place), state in zip(
            itertools.product(("AOMI-APP-KEY", "X-API-Key"), ("text", "query", "body"), ("header", "query")),
            itertools.cycle(("flat in query", "nested in body", "nested in query", "flat in body", "none")),
            strict=False,
        )
    ],
)
def test_no_choice_of_dialect_depends_on_another(
    http: httpx.Client, running: Running, key_header: str, message: str, session_in: str, user_state: str
) -> None:
    session_id = str(uuid4())
    headers = {key_header: running.keys.shop}
    query: dict[str, str] = {"app": "shop"}
    body: dict[str, Any] = {}
    match message:
        case "text":
            body["text"] = "hi"
        case "query":
            query["message"] = "hi"
        case "body":
            body["message"] = "hi"
    if session_in == "header":
        headers["X-Session-Id"] = session_id
    else:
        query["session_id"] = session_id
    shape, _, place = user_state.partition(" in ")
    state = {
        "flat": {"address": "0xabc", "chain_id": 1, "is_connected": True},
        "nested": {"evm": {"address": "0xabc", "chain_id": 1}, "connection": {"is_connected": True}},
    }.get(shape)
    if place == "query":
        query["user_state"] = json.dumps(state)
    elif place == "body":
        body["user_state"] = state

    answer = http.post("/api/chat", headers=headers, params=query, json=body or None)

    if message == "text":
        assert spoken(stream(answer)) == SAID
    else:
        assert snapshot(answer).answer == SAID
    after = snapshot(http.get("/api/state", headers={"X-Session-Id": session_id}))
    assert after.said == [("user", "hi"), ("agent", SAID)]
    if state is None:
        assert after.user_state is None
    else:
        assert after.user_state is not None
        assert after.user_state["address"] == after.user_state["evm"]["address"] == "0xabc"
        assert after.user_state["chain_id"] == after.user_state["evm"]["chain_id"] == 1
        assert after.user_state["is_connected"] is after.user_state["connection"]["is_connected"] is True


@pytest.mark.parametrize(
    ("accept", "sent", "form"),
    [
        (STREAM, {"params": {"message": "hi"}}, STREAM),
        (STREAM, {"json": {"text": "hi"}}, STREAM),
        (SNAPSHOT, {"json": {"text": "hi"}}, SNAPSHOT),
        (SNAPSHOT, {"params": {"message": "hi"}}, SNAPSHOT),
        ("*/*", {"json": {"text": "hi"}}, STREAM),
        ("*/*", {"params": {"message": "hi"}}, SNAPSHOT),
        ("application/json;q=0.5, text/event-stream", {"params": {"message": "hi"}}, STREAM),
        ("application/json, text/plain, */*", {"json": {"text": "hi"}}, SNAPSHOT),
    ],
)
def test_accept_says_which_answer_it_is(http: httpx.Client, accept: str, sent: dict[str, Any], form: str) -> None:
    headers = session()
    answer = http.post("/api/chat", headers={**headers, "Accept": accept}, **sent)
    assert answer.status_code == 200
    assert answer.headers["x-session-id"] == headers["X-Session-Id"]
    assert answer.headers["content-type"].split(";")[0] == form
    assert answer.headers["cache-control"].startswith("private, no-cache")
    assert "content-encoding" not in answer.headers


def test_a_stream_from_beginning_to_end(http: httpx.Client) -> None:
    headers = session()
    received = stream(http.post("/api/chat", headers=headers, json={"text": "hi"}))
    first, *middle, last = received
    assert isinstance(first.event, Started)
    assert first.id is not None
    assert all(isinstance(each.event, Text | None) for each in middle)
    assert isinstance(last.event, Complete)
    assert last.event.status == "done"
    assert last.event.usage is not None
    assert (last.event.usage.input_tokens, last.event.usage.output_tokens) == (11, 7)
    assert last.id == snapshot(http.get("/api/state", headers=headers)).last_event_id
    assert spoken(received) == SAID


def test_tools_are_called_and_answered_on_the_stream(http: httpx.Client) -> None:
    headers = session()
    received = stream(http.post("/api/chat", headers=headers, json={"text": "tool"}))
    asked = [each.event for each in received if isinstance(each.event, ToolCall)]
    answered = [each.event for each in received if isinstance(each.event, ToolResult)]
    assert {(call.name, json.dumps(call.args)) for call in asked} == {
        ("Calculate", '{"expression": "1/3 + 1/6"}'),
        ("GetCurrentTime", '{"zone": "UTC"}'),
    }
    assert {call.call_id for call in asked} == {result.call_id for result in answered}
    assert spoken(received) == "The tool said so."
    kinds = [type(each.event) for each in received]
    assert kinds.index(ToolCall) < kinds.index(ToolResult) < kinds.index(Text)

    after = snapshot(http.get("/api/state", headers=headers))
    results = [message for message in after.messages if message.tool_result]
    assert {message.tool_result[0] for message in results if message.tool_result} == {"Calculate", "GetCurrentTime"}
    assert all((message.sender, message.content) == ("agent", "") for message in results)
    assert after.answer == "The tool said so."


def test_a_provider_that_refuses_is_told_to_the_user(http: httpx.Client) -> None:
    headers = session()
    *_, last = stream(http.post("/api/chat", headers=headers, json={"text": "fail"}))
    assert isinstance(last.event, Error)
    assert last.event.code == "provider_refused"
    after = snapshot(http.get("/api/state", headers=headers))
    assert after.is_processing is False
    assert after.messages[-1].sender == "agent"
    assert after.messages[-1].content == last.event.message
    assert after.system_events == [{"SystemError": last.event.message}]


def test_what_a_model_says_wrongly_breaks_neither_the_stream_nor_the_store(http: httpx.Client) -> None:
    headers = session()
    received = stream(http.post("/api/chat", headers=headers, json={"text": "half"}))
    assert spoken(received) == "a😀b\ufffdc" == snapshot(http.get("/api/state", headers=headers)).answer
    (asked,) = [
        each.event
        for each in stream(http.post("/api/chat", headers=headers, json={"text": "nan"}))
        if isinstance(each.event, ToolCall)
    ]
    assert asked.args == '{"expression": NaN}'


def chunks(http: httpx.Client, request: bytes) -> list[tuple[float, bytes]]:
    """The chunks of an answer, as the server wrote them, with the time at which each came."""
    assert http.base_url.port is not None
    found = []
    with socket.create_connection((http.base_url.host, http.base_url.port), timeout=30) as connection:
        connection.sendall(request)
        with connection.makefile("rb") as file:
            while file.readline() not in (b"\r\n", b""):
                pass
            while size := int(file.readline(), 16):
                found.append((time.monotonic(), file.read(size)))
                file.readline()
    return found


def test_each_event_leaves_in_one_write_as_it_is_made(http: httpx.Client) -> None:
    body = b'{"text": "slow"}'
    found = chunks(
        http,
        b"POST /api/chat HTTP/1.1\r\nHost: a\r\nX-Session-Id: %s\r\nContent-Length: %d\r\n\r\n%s"
        % (str(uuid4()).encode(), len(body), body),
    )
    for _, chunk in found:
        assert chunk.endswith(b"\n\n")
        assert chunk.count(b"\n\n") == 1
        assert chunk.isascii()
    times = {
        each.event.content: at for at, chunk in found for each in events([chunk[:-2]]) if isinstance(each.event, Text)
    }
    assert list(times) == ["one ", "two ", "three ", "four "]
    assert all(0.1 < later - earlier < 2 for earlier, later in itertools.pairwise(times.values()))


@pytest.mark.parametrize(
    ("headers", "params", "least", "most"),
    [
        ({}, {}, 1.0, 20.0),
        ({"Prefer": "respond-async"}, {}, 0.0, 0.8),
        ({"Prefer": "wait=0"}, {}, 0.0, 0.8),
        ({}, {"client_id": "c1"}, 0.9, 1.9),
        ({"Prefer": "wait=2"}, {"client_id": "c1"}, 1.0, 2.9),
    ],
)
def test_how_long_a_snapshot_waits(
    http: httpx.Client, headers: dict[str, str], params: dict[str, str], least: float, most: float
) -> None:
    sent = session()
    began = time.monotonic()
    answer = snapshot(http.post("/api/chat", headers={**sent, **headers}, params={"message": "slow", **params}))
    assert least <= time.monotonic() - began <= most
    assert answer.said[0] == ("user", "slow")
    assert answer.is_processing is (answer.status == "processing")
    assert ended(http, sent).answer == "one two three four "


def ended(http: httpx.Client, headers: dict[str, str]) -> Any:
    """The snapshot when nothing runs any more, polled as clients do."""
    tag, found = "", None
    for _ in range(100):
        answer = http.get("/api/state", headers={**headers, "If-None-Match": tag})
        if answer.status_code == 200:
            tag, found = answer.headers.get("etag", ""), snapshot(answer)
        if found is not None and not found.is_processing:
            return found
        time.sleep(0.1)
    raise AssertionError("the turn did not end")


def test_a_client_that_leaves_changes_nothing(http: httpx.Client) -> None:
    headers = session()
    with http.stream("POST", "/api/chat", headers=headers, json={"text": "slow"}) as answer:
        next(answer.iter_bytes())
    assert ended(http, headers).answer == "one two three four "


def test_a_message_that_comes_meanwhile_is_the_next_turn(http: httpx.Client) -> None:
    headers, streams = session(), dict[str, list[Received]]()
    begun = threading.Event()

    def first() -> None:
        with http.stream("POST", "/api/chat", headers=headers, json={"text": "slow"}) as answer:
            content = b""
            for piece in answer.iter_bytes():
                content += piece
                begun.set()
        streams["first"] = list(events(content.split(b"\n\n")))

    talking = threading.Thread(target=first)
    talking.start()
    begun.wait(10)
    streams["second"] = stream(http.post("/api/chat", headers=headers, json={"text": "hi"}))
    talking.join()
    assert spoken(streams["first"]) == "one two three four "
    assert spoken(streams["second"]) == SAID
    assert snapshot(http.get("/api/state", headers=headers)).said == [
        ("user", "slow"), ("agent", "one two three four "), ("user", "hi"), ("agent", SAID),
    ]  # fmt: skip


@pytest.mark.parametrize("form", [STREAM, SNAPSHOT])
def test_an_idempotency_key_never_starts_a_second_turn(http: httpx.Client, form: str) -> None:
    headers = {**session(), "Idempotency-Key": "once", "Accept": form}
    for _ in range(2):
        answer = http.post("/api/chat", headers=headers, json={"text": "hi"})
        assert (spoken(stream(answer)) if form == STREAM else snapshot(answer).answer) == SAID
    assert len(snapshot(http.get("/api/state", headers=headers)).said) == 2
    refused = http.post("/api/chat", headers=headers, json={"text": "something else"})
    assert refused.status_code == 409
    assert refused.json()["error"]


def test_a_stream_is_resumed_where_it_was_left(http: httpx.Client) -> None:
    headers = {**session(), "Idempotency-Key": "once"}
    whole = stream(http.post("/api/chat", headers=headers, json={"text": "slow"}))
    for place, seen in enumerate(whole):
        if seen.id is None:
            continue
        rest = stream(http.post("/api/chat", headers={**headers, "Last-Event-ID": seen.id}, json={"text": "slow"}))
        assert spoken(whole[: place + 1]) + spoken(rest) == "one two three four "
        if seen is not whole[-1]:
            assert isinstance(rest[-1].event, Complete)
