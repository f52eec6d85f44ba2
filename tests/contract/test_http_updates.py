"""The updates channel: the same sequence as chat's and the snapshot's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.conformity import conforms_event
from tests.contract.service import NAMED, SAID
from tests.contract.shapes import Snapshot, snapshot

# the fields of each type, beside `type` and `session_id` (contract, "Updates" and "Chat")
FIELDS = {
    "started": {"turn_id", "message_id"},
    "text": {"content", "message_id"},
    "complete": {"status", "usage"},
    "error": {"message", "code", "retryable"},
    "state_changed": {"status"},
    "title_changed": {"new_title"},
    "tool_update": {"tool_name", "name", "call_id", "status", "message", "args", "result"},
    "tool_complete": {"tool_name", "name", "call_id", "status", "message", "result"},
    "system_event": {"event"},
    "reset": {"snapshot"},
}


def session() -> dict[str, str]:
    return {"X-Session-Id": str(uuid4())}


class Channel:
    """An open channel; it is open for as long as this is kept."""

    def __init__(self, answer: httpx.Response) -> None:
        self._blocks = _blocks(answer)

    def next(self) -> tuple[str | None, dict[str, Any] | None]:
        """What comes next: an id and an event, or either of them."""
        return _read(next(self._blocks))

    def until(self, kind: str) -> list[dict[str, Any]]:
        """The events up to the first of this type."""
        events: list[dict[str, Any]] = []
        while not events or events[-1]["type"] != kind:
            _, event = self.next()
            if event is not None:
                events.append(event)
        return events


def _blocks(answer: httpx.Response) -> Iterator[str]:
    waiting = b""
    for piece in answer.iter_raw():
        *blocks, waiting = (waiting + piece).split(b"\n\n")
        yield from (block.decode() for block in blocks if not block.startswith(b":"))


def _read(block: str) -> tuple[str | None, dict[str, Any] | None]:
    fields = dict(line.split(": ", 1) for line in block.split("\n"))
    event = json.loads(fields["data"]) if "data" in fields else None
    if event is not None:
        conforms_event(event, updates=True)
    if event is not None:
        assert fields["id"]
        assert set(event) == {"type", "session_id"} | FIELDS[event["type"]]
    return fields.get("id"), event


@contextmanager
def channel(http: httpx.Client, headers: dict[str, str], last_event_id: str | None = None) -> Iterator[Channel]:
    resumed = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    with http.stream("GET", "/api/updates", headers={**headers, **resumed}) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Channel(answer)


def test_a_connection_begins_with_an_id_and_tells_what_happens_then(http: httpx.Client) -> None:
    headers = session()
    snapshot(http.post("/api/chat?message=hi", headers=headers))
    with channel(http, headers) as open_channel:
        event_id, event = open_channel.next()
        assert event_id == snapshot(http.get("/api/state", headers=headers)).last_event_id
        assert event is None
        http.post("/api/chat?message=tool", headers=headers)
        events = open_channel.until("complete")
    kinds = [event["type"] for event in events]
    assert kinds.count("tool_update") == kinds.count("tool_complete") == 2
    assert "".join(event["content"] for event in events if event["type"] == "text") == "The tool said so."
    assert all(event["session_id"] == headers["X-Session-Id"] for event in events)
    assert all(isinstance(event["result"], str) for event in events if event["type"].startswith("tool_"))


def test_a_title_is_told(http: httpx.Client) -> None:
    headers = session()
    http.post("/api/sessions", headers=headers)
    with channel(http, headers) as open_channel:
        open_channel.next()
        http.patch(f"/api/sessions/{headers['X-Session-Id']}", json={"title": "Mine"})
        assert open_channel.until("title_changed")[-1]["new_title"] == "Mine"


@pytest.mark.parametrize("pieces", [0, 1, 3])
def test_a_snapshot_and_what_follows_it_are_the_whole_answer(http: httpx.Client, pieces: int) -> None:
    headers = session()
    http.post("/api/chat?message=slow", headers={**headers, "Prefer": "respond-async"})
    found = snapshot(http.get("/api/state", headers=headers))
    while found.answer.count(" ") < pieces:
        found = snapshot(http.get("/api/state", headers=headers))
    rest = ""
    if found.is_processing:
        with channel(http, headers, found.last_event_id) as open_channel:
            rest = "".join(event["content"] for event in open_channel.until("complete") if event["type"] == "text")
    assert found.answer + rest == "one two three four "


@pytest.mark.parametrize("last_event_id", ["00000000-1", "nonsense", "{tag}-999999"])
def test_what_cannot_be_resumed_begins_with_a_reset(http: httpx.Client, last_event_id: str) -> None:
    headers = session()
    here = snapshot(http.post("/api/chat?message=hi", headers=headers)).last_event_id
    asked = last_event_id.format(tag=here.split("-")[0])
    with channel(http, headers, asked) as open_channel:
        event_id, event = open_channel.next()
    assert event_id == here
    assert event is not None
    assert event["type"] == "reset"
    assert Snapshot.model_validate(event["snapshot"]).said == [("user", "hi"), ("agent", SAID)]


def test_a_session_that_was_never_used_is_followed_from_its_beginning(http: httpx.Client) -> None:
    headers = session()
    unused = snapshot(http.get("/api/state", headers=headers))
    with channel(http, headers, unused.last_event_id) as open_channel:
        assert open_channel.next() == (unused.last_event_id, None)
        assert http.get(f"/api/sessions/{headers['X-Session-Id']}").status_code == 404
        http.post("/api/chat?message=hi", headers=headers)
        events = open_channel.until("complete")
    assert "".join(event["content"] for event in events if event["type"] == "text") == SAID


def test_a_conversation_gets_a_title_after_its_first_answer(http: httpx.Client) -> None:
    headers = {"X-Session-Id": f"{NAMED}{str(uuid4())[8:]}"}
    begun = snapshot(http.post("/api/chat?message=hi", headers=headers))
    assert begun.said == [("user", "hi"), ("agent", SAID)]
    with channel(http, headers, f"{begun.last_event_id.split('-')[0]}-1") as open_channel:
        assert open_channel.until("title_changed")[-1]["new_title"] == "Hello there"
    assert http.get(f"/api/sessions/{headers['X-Session-Id']}").json()["title"] == "Hello there"


def test_too_many_channels_are_told_to_come_back(http: httpx.Client) -> None:
    headers = session()
    with ExitStack() as stack:
        open_channels = [stack.enter_context(channel(http, headers)) for _ in range(10)]
        for open_channel in open_channels:
            open_channel.next()
        refused = http.get("/api/updates", headers=headers)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
