"""One client's stream of one turn: events from the log, and text that is shown before it is stored.

It works the same whether the turn runs in this process or elsewhere. In this process it is also the runner's audience
and gets text as the model produces it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from attache.sessions.entries import Agent, End, Entry, Text, Turn
from attache.sessions.events import GONE, WITHDRAWN, ChatEvents, end_event, text_events
from attache.sessions.head import Head
from attache.sessions.history import TurnMade, Unanswered, conversation
from attache.sessions.log import SessionLog
from attache.sessions.restoring import restored
from attache.sessions.view import View, fold
from attache.wire.sse import Event

_OF_A_RUNNER = (Turn, Text, Agent, End)


class ChatStream:
    """An audience that queues events for a response to take; unread events cost nothing but memory."""

    def __init__(self, log: SessionLog, turn: int, after: int) -> None:
        """Stream the events of turn `turn` after entry number `after`.

        The log must hold every entry from `after` + 1 on.
        """
        self.turn = turn
        self._head: Head = log.living
        self._chat = ChatEvents(self._head, turn, after)
        self._at: View = fold(entry for entry in log.entries if entry.number <= after)
        self._number = after
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()

    @property
    def over(self) -> bool:
        """Whether the final event was sent, or none will be because the session is gone."""
        return self._chat.over

    @property
    def provisional(self) -> bool:
        """Whether text was sent that no entry holds yet."""
        return bool(self._chat.provisional)

    def live(self, text: str) -> None:
        self._chat.sent(text)
        for event in text_events(text):
            self._events.put_nowait(Event(event))

    def is_of(self, log: SessionLog) -> bool:
        """Whether the session of this stream is still there."""
        return log.head is not None and log.head.tag == self._head.tag

    def advanced(self, log: SessionLog) -> None:
        if log.head is not None and log.head.tag != self._head.tag:
            self._gone()
            return
        for entry in restored(log.entries, self._number):
            if self._contradicts(entry, log):
                return  # another runner has the turn, and not the text that was sent: a reset must come first
            if not self.over:
                events = self._chat.of(entry, self._at)
                self._at, self._number = self._at.after(entry), entry.number
                self._send(events, self._head.id_of(entry.number), stores=entry.kind in ("text", "agent"))

    def _contradicts(self, entry: Entry, log: SessionLog) -> bool:
        return self.provisional and entry.writer != log.writer and isinstance(entry.body, _OF_A_RUNNER)

    def reset(self, log: SessionLog, snapshot: dict[str, Any]) -> None:
        """Send a snapshot for the client to start again from, and continue after it."""
        last = log.view.last
        self._events.put_nowait(Event({"type": "reset", "snapshot": snapshot}, self._head.id_of(last)))
        self._chat = ChatEvents(self._head, self.turn, last)
        self._at, self._number = log.view, last

    def finish(self, log: SessionLog) -> None:
        """The turn has ended: send the events that the client lacks, or only the final one if it lacks none."""
        self.advanced(log)
        if not self.is_of(log):
            self._gone()
        if self.over:
            return
        self._chat.over = True
        for part in conversation(log.entries):
            match part:
                case TurnMade(cause=cause, end=Entry(number=number, body=End() as end)) if cause.number == self.turn:
                    self._events.put_nowait(Event(end_event(end), self._head.id_of(max(number, self._number))))
                case Unanswered(cause=cause, withdrawn=int()) if cause.number == self.turn:
                    self._events.put_nowait(Event(WITHDRAWN))

    def _gone(self) -> None:
        """The session was deleted; if it was created again between two looks, the log is that of another one."""
        if not self.over:
            self._chat.over = True
            self._events.put_nowait(Event(GONE))

    def close(self) -> None:
        """End the stream."""
        self._events.put_nowait(None)

    async def events(self) -> AsyncIterator[Event]:
        while (event := await self._events.get()) is not None:
            yield event

    def _send(self, events: list[dict[str, Any]], event_id: str, *, stores: bool) -> None:
        """Send events, the last with the id; with none if it would pass for the id of text that no entry holds yet."""
        for event in events[:-1]:
            self._events.put_nowait(Event(event))
        if events or stores:
            resumable = stores or not self.provisional
            self._events.put_nowait(Event(events[-1] if events else None, event_id if resumable else None))
