"""Clients that read a snapshot and then follow updates: together they must have all that is said, and nothing twice.

Every event has an id, so that a channel may be cut anywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from attache.errors import AttacheError
from attache.wire.sse import Event
from tests.model.clients import LASTS, Json, Service, count_events
from tests.model.containers import Container, Cut

QUIET = 8.0  # seconds without an event, after which a channel that is to be caught up with has nothing more


@dataclass
class Follower:
    """What one has heard: the text of each message, and how many turns ended and calls came back since entry `base`."""

    texts: dict[str, str] = field(default_factory=dict)
    last_id: str | None = None
    base: int = 0
    ended: int = 0
    called_back: int = 0
    followed: int = 0

    @property
    def number(self) -> int:
        return _number(self.last_id or "0-0")

    def begin(self, snapshot: Json) -> None:
        self.texts, self.ended, self.called_back = dict(texts_in(snapshot)), 0, 0
        self.last_id = snapshot["last_event_id"]
        self.base = self.number

    def hear(self, event: Event) -> None:
        assert event.id is not None
        if event.data:
            self._take(event.data)
        self.last_id = event.id

    def _take(self, data: Json) -> None:
        self.followed += 1
        match data["type"]:
            case "reset":
                self.begin(data["snapshot"])
            case "text":
                self.texts[data["message_id"]] = self.texts.get(data["message_id"], "") + data["content"]
            case "complete" | "error":
                self.ended += 1
            case "system_event":
                self.called_back += "AsyncCallback" in data["event"]


def texts_in(snapshot: Json) -> Iterator[tuple[str, str]]:
    """The texts of the assistant's messages, by id."""
    for message in snapshot["messages"]:
        if message["sender"] == "agent" and message["tool_result"] is None and not message["id"].endswith("-error"):
            yield message["id"], message["content"]


async def follow(service: Service, follower: Follower, seconds: float) -> None:
    """Follow the session for so long, over channels that end, are cut, or stand still."""
    until = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < until:
        if follower.last_id is None:
            await _read_snapshot(service, follower)
        else:
            lasts = service.rng.uniform(1, 30)
            await _listen(service, follower, lasts, patience=lasts + 5)
        await asyncio.sleep(service.rng.choice((0.0, 0.3, 5.0)))


async def catch_up(service: Service, follower: Follower) -> None:
    """Hear what is new, when all is calm."""
    if follower.last_id is None:
        await _read_snapshot(service, follower)
    await _listen(service, follower, QUIET, patience=QUIET)


async def _read_snapshot(service: Service, follower: Follower) -> None:
    container = service.container()
    work = container.services.sessions.state(service.session_id)
    try:
        state = await asyncio.wait_for(container.invoke(work, LASTS), 29)
    except (AttacheError, Cut, TimeoutError):
        return
    count_events(service, state.snapshot)
    if state.snapshot is not None:
        follower.begin(state.snapshot)


async def _listen(service: Service, follower: Follower, lasts: float, patience: float) -> None:
    container = service.container()
    events: asyncio.Queue[Event | None] = asyncio.Queue()
    channel = container.invoke(_served(service, container, follower.last_id, lasts, events), LASTS)
    channel.add_done_callback(lambda _: events.put_nowait(None))
    while True:
        try:
            event = await asyncio.wait_for(events.get(), patience)
        except TimeoutError:
            return
        if event is None:
            return
        follower.hear(event)


async def _served(
    service: Service, container: Container, last_event_id: str | None, lasts: float, events: asyncio.Queue[Any]
) -> None:
    deadline = container.clock.now() + int(lasts * 1000)
    channel = await container.services.updates.stream(service.session_id, last_event_id, deadline)
    async with aclosing(channel):
        async for event in channel:
            events.put_nowait(event)


def _number(event_id: str) -> int:
    return int(event_id.rpartition("-")[2].partition(".")[0])
