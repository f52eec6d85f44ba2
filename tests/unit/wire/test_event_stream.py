from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest
from starlette.types import Message

from attache.errors import Unavailable
from attache.wire.event_stream import EventStream, frames
from attache.wire.sse import COMMENT, Event

TEXT = Event({"type": "text", "content": "a"})
DONE = Event({"type": "complete"}, id="ab-2")


class FakeEvents:
    """A stream that can be held up, and that knows how it was left."""

    def __init__(self, *steps: Event | Exception) -> None:
        self.steps = steps
        self.holding = asyncio.Event()
        self.go_on = asyncio.Event()
        self.cancelled = 0
        self.closed = False

    async def stream(self, held_before: int = -1) -> AsyncGenerator[Event]:
        try:
            for place, step in enumerate(self.steps):
                if place == held_before:
                    await self._held()
                if isinstance(step, Exception):
                    raise step
                yield step
        finally:
            self.closed = True

    async def _held(self) -> None:
        self.holding.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


async def test_each_event_is_one_frame() -> None:
    events = FakeEvents(TEXT, DONE)
    assert [frame async for frame in frames(events.stream())] == [TEXT.encode(), DONE.encode()]
    assert events.closed


async def test_silence_is_filled_with_comments_and_the_step_goes_on() -> None:
    events, seen = FakeEvents(TEXT, DONE), []
    async for frame in frames(events.stream(held_before=1), silence=0.001):
        seen.append(frame)
        if seen.count(COMMENT) == 3:
            events.go_on.set()
    assert seen[0] == TEXT.encode()
    assert seen[-1] == DONE.encode()
    assert set(seen[1:-1]) == {COMMENT}
    assert events.cancelled == 0


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Unavailable("The store does not answer."), "The store does not answer."),
        (ValueError("sk-secret"), "request id"),
    ],
)
async def test_a_failure_in_mid_stream_ends_it_with_an_error_event(
    failure: Exception, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    events = FakeEvents(TEXT, failure)
    first, last = [frame async for frame in frames(events.stream())]
    error = json.loads(last.decode().removeprefix("data: "))
    assert first == TEXT.encode()
    assert error.keys() == {"type", "message", "code", "retryable"}
    assert (error["type"], error["code"], error["retryable"]) == ("error", "internal", True)
    assert words in error["message"]
    assert "sk-secret" not in error["message"]
    assert len(caplog.records) == 1


async def test_a_stream_ends_without_a_final_event_when_the_function_must() -> None:
    events = FakeEvents(TEXT, DONE)
    assert [frame async for frame in frames(events.stream(held_before=1), lasts=0.01)] == [TEXT.encode()]
    assert events.closed


async def test_a_stream_that_has_no_time_left_sends_nothing() -> None:
    assert [frame async for frame in frames(FakeEvents(TEXT).stream(held_before=0), lasts=0)] == []


class FakeClient:
    """An ASGI client; `leave` disconnects it."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.leave = asyncio.Event()
        self.asked = False

    async def receive(self) -> Message:
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.leave.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)


async def test_the_answer_is_a_stream_that_nothing_may_change() -> None:
    client = FakeClient()
    await EventStream("s-1", FakeEvents(TEXT, DONE).stream())({}, client.receive, client.send)
    start, *body = client.sent
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert "no-transform" in headers["cache-control"]
    assert headers["x-accel-buffering"] == "no"
    assert headers["x-session-id"] == "s-1"
    assert "content-length" not in headers
    assert [(part["body"], part["more_body"]) for part in body] == [
        (TEXT.encode(), True),
        (DONE.encode(), True),
        (b"", False),
    ]


async def test_a_client_that_leaves_closes_the_iterator() -> None:
    client, events = FakeClient(), FakeEvents(TEXT, DONE)
    answering = asyncio.create_task(EventStream("s-1", events.stream(held_before=1))({}, client.receive, client.send))
    await events.holding.wait()
    client.leave.set()
    await answering
    assert events.closed
    assert len(client.sent) == 2


async def test_a_connection_that_broke_is_no_failure() -> None:
    events = FakeEvents(TEXT, DONE)
    answer = EventStream("s-1", events.stream())

    async def broken(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise OSError("gone")

    await answer({}, FakeClient().receive, broken)
    assert events.closed


async def test_a_server_that_stops_closes_the_iterator() -> None:
    client, events = FakeClient(), FakeEvents(TEXT, DONE)
    answering = asyncio.create_task(EventStream("s-1", events.stream(held_before=1))({}, client.receive, client.send))
    await events.holding.wait()
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
    assert events.closed
