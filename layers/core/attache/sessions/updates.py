"""The updates channel: a session's log as the contract's events, while it grows. Nothing else is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass

from attache.clock import Clock
from attache.errors import TooMany, Unavailable
from attache.sessions.entries import Deleted, Entry
from attache.sessions.events import update_events
from attache.sessions.head import Head
from attache.sessions.known import ends_before
from attache.sessions.log import SessionLog
from attache.sessions.restoring import restored
from attache.sessions.sessions import Sessions
from attache.sessions.snapshot import NEVER_USED, empty_snapshot
from attache.sessions.table import GLANCE
from attache.sessions.view import View, fold
from attache.wire.sse import Event


@dataclass(frozen=True)
class Channel:
    """Seconds. The first three are between two polls: while a turn runs, soon after an event, and otherwise."""

    busy: float = 0.25
    lately: float = 1.0
    idle: float = 2.0
    lately_for: float = 10.0
    quiet: float = 120.0  # the channel is closed after this time without an event,
    longest: float = 840.0  # or after this time in all
    furthest: int = 5_000  # entries; a client that has missed more gets a `reset`
    most: int = 1_000  # open channels in one process
    most_of_session: int = 10
    retry_after: int = 10


class Updates:
    """Opens channels, and limits how many are open in this process."""

    def __init__(self, sessions: Sessions, clock: Clock, channel: Channel | None = None) -> None:
        self._sessions = sessions
        self._clock = clock
        self._channel = channel or Channel()
        self._open: Counter[str] = Counter()

    async def stream(
        self, session_id: str, last_event_id: str | None = None, deadline: int | None = None
    ) -> AsyncGenerator[Event, None]:
        """The events after `last_event_id`, or from now on; `deadline` in milliseconds since 1970.

        Begins with a `reset` if it cannot be resumed there. Raises TooMany, Unavailable.
        """
        events = self._events(self._sessions.log(session_id), last_event_id, deadline)
        return _going_on(await anext(events), events)

    def _admit(self, session_id: str) -> None:
        full = self._open.total() >= self._channel.most or self._open[session_id] >= self._channel.most_of_session
        if full:
            raise TooMany("Too many update channels are open; close one, or come back.", self._channel.retry_after)

    async def _events(
        self, log: SessionLog, last_event_id: str | None, deadline: int | None
    ) -> AsyncGenerator[Event, None]:
        self._admit(log.session_id)
        self._open[log.session_id] += 1
        try:
            await log.read(GLANCE)
            reader = _Reader(log)
            for event in await self._beginning(reader, log, last_event_id):
                yield event
            async for event in self._tail(reader, log, deadline):
                yield event
        finally:
            self._open -= Counter([log.session_id])
            self._sessions.keep(log)

    async def _beginning(self, reader: _Reader, log: SessionLog, last_event_id: str | None) -> list[Event]:
        """An id to resume from, or a `reset` if the given one is unknown; then the events since."""
        after = await _resumed(log, last_event_id, self._channel.furthest)
        part = log.head.part_of(last_event_id) if log.head and last_event_id else 0
        if after is None and last_event_id is not None:
            after, part = log.view.last, 0
            whole = empty_snapshot(log.session_id) if log.head is None else await self._sessions.snapshot(log)
            first = Event({"type": "reset", "session_id": log.session_id, "snapshot": whole}, reader.id_of(after))
        else:
            after = log.view.last if after is None else after
            first = Event(None, reader.id_of(after, part))
        reader.begin(after, part)
        return [first, *reader.read()]

    async def _tail(self, reader: _Reader, log: SessionLog, deadline: int | None) -> AsyncGenerator[Event, None]:
        began = spoke = self._clock.now()
        until = min(began + self._channel.longest * 1000, deadline or began + self._channel.longest * 1000)
        while not reader.over:
            await self._clock.sleep(self._pause(log, spoke))
            now = self._clock.now()
            with suppress(Unavailable):  # the next poll reads it
                await log.poll()
            await self._sessions.nudge(log)
            for event in reader.read():
                spoke = now
                yield event
            if now > until or now - spoke > self._channel.quiet * 1000:
                return

    def _pause(self, log: SessionLog, spoke: int) -> float:
        if log.view.busy:
            return self._channel.busy
        lately = self._clock.now() - spoke < self._channel.lately_for * 1000
        return self._channel.lately if lately else self._channel.idle


async def _going_on(first: Event, rest: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    """Both as one stream. If it is dropped before it starts, the event loop closes `rest`."""
    async with aclosing(rest):
        yield first
        async for event in rest:
            yield event


class _Reader:
    """Turns new entries of a log into events; `over` once the session was deleted or replaced.

    A client whose session was deleted and created again between two polls reconnects with the old id, and gets a
    `reset`.
    """

    def __init__(self, log: SessionLog) -> None:
        self._log = log
        self._tag: str | None = None
        self._number = 0
        self._had = (0, 0)  # an entry, and how many of its events the client has had
        self._at = View()
        self.over = False

    def begin(self, after: int, part: int = 0) -> None:
        self._tag, self._number, self._had = self._living, after, (after + 1, part)
        self._at = fold(entry for entry in self._log.entries if entry.number <= after)

    @property
    def _living(self) -> str | None:
        return self._log.head.tag if self._log.head else None

    def id_of(self, number: int, part: int = 0) -> str:
        """The id of a place to resume from; without a session, one that every event of the next session comes after."""
        head = self._log.head
        if head is None:
            return NEVER_USED
        return head.id_within(number + 1, part) if part else head.id_of(number)

    def read(self) -> list[Event]:
        """The events of new entries."""
        events: list[Event] = []
        head = self._log.known.head  # also of a deleted session: it may have entries from just before
        self._tag, followed = self._living, self._tag
        self.over = self.over or (followed is not None and self._tag not in (None, followed))
        for entry in restored(self._log.entries, self._number):
            self.over = self.over or isinstance(entry.body, Deleted)
            if head is not None and not self.over:
                events += self._told(head, entry)
                self._at, self._number = self._at.after(entry), entry.number
        return events

    def _told(self, head: Head, entry: Entry) -> list[Event]:
        """The events of an entry that the client lacks; each can be resumed from, and the last has the entry's id."""
        made = update_events(head, entry, self._at, self._number)
        ids = [*(head.id_within(entry.number, part) for part in range(1, len(made))), head.id_of(entry.number)]
        had = self._had[1] if entry.number == self._had[0] else 0
        return [Event(data, event_id) for data, event_id in zip(made, ids, strict=False)][had:]


async def _resumed(log: SessionLog, last_event_id: str | None, furthest: int) -> int | None:
    """The number to continue from; None without an id, or if the entries after it are too many or not all there."""
    if last_event_id is None:
        return None
    if log.head is None:
        return log.view.last if last_event_id == NEVER_USED else None
    number = log.head.born - 1 if last_event_id == NEVER_USED else log.head.number_of(last_event_id)
    if number is None or not log.view.last - furthest <= number <= log.view.last:
        return None
    await log.reach_back(lambda entries: ends_before(entries, number))
    return number if log.entries and log.entries[0].number <= number + 1 else None
