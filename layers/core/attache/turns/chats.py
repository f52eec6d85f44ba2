"""Chat: accept a message, and follow its turn to the end, as a stream or as a snapshot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from attache.clock import Clock
from attache.errors import Unavailable
from attache.sessions.entries import Entry
from attache.sessions.log import Decision, SessionLog
from attache.sessions.sessions import Sessions
from attache.sessions.snapshot import NEVER_USED
from attache.sessions.table import Idempotency, KeyTaken, SessionTable
from attache.turns.accepting import ChatRequest, accept, check_same
from attache.turns.chat_stream import ChatStream
from attache.turns.contexts import TurnContexts
from attache.turns.recorder import Recorder
from attache.turns.runner import TurnRunner
from attache.turns.taking import NotToBeTaken, guard_again, take_first
from attache.turns.timings import Timings
from attache.turns.window import reach_window
from attache.wire.sse import Event

logger = logging.getLogger(__name__)

FOLLOW = 0.2  # seconds between two polls of a turn that runs elsewhere
SELDOM = 1.0  # the same at most, while only its end is awaited
__all__ = ["ChatRequest", "Chats"]


class Chats:
    """`POST /api/chat`, in both of its forms."""

    def __init__(
        self, sessions: Sessions, table: SessionTable, contexts: TurnContexts, clock: Clock, timings: Timings
    ) -> None:
        self._sessions = sessions
        self._table = table
        self._contexts = contexts
        self._clock = clock
        self._timings = timings
        self._serving: set[asyncio.Task[None]] = set()

    async def stream(self, request: ChatRequest) -> AsyncIterator[Event]:
        """Accept the message, which is durable when this returns, and stream its turn.

        Refusals are raised here, before any event. The turn goes on whether or not the events are read.
        """
        log = self._sessions.log(request.session_id)
        number = await self._accept(log, request, streamed=True)
        stream = await self._stream_of(log, number, request.last_event_id)
        stream.advanced(log)
        serving = asyncio.create_task(self._serve(log, stream, request))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        return stream.events()

    async def answer(self, request: ChatRequest, wait: float) -> dict[str, Any]:
        """Accept the message, and return a snapshot when its turn has ended or `wait` seconds have passed."""
        asked = self._clock.now()
        until = asked + wait * 1000
        log = self._sessions.log(request.session_id)
        number = await self._accept(log, request, streamed=False)
        if not log.view.running:
            await self._wake(log)
        while log.view.goes_on(number) and self._clock.now() < until:
            now = self._clock.now()
            await self._clock.sleep(min(_next_look(now - asked), max(until - now, 0) / 1000))
            with suppress(Unavailable):  # the message was accepted: an error would make the client send it again
                await log.poll()
            await self._sessions.nudge(log)
        return await self._delivered(log)

    async def _delivered(self, log: SessionLog) -> dict[str, Any]:
        try:
            return await self._sessions.delivered_snapshot(log)
        except Unavailable:  # as above; its system events come with a later snapshot
            return await self._sessions.snapshot(log)

    async def settled(self) -> None:
        """Wait until every turn that runs here has ended or was handed over."""
        while self._serving:
            await asyncio.wait(self._serving)

    async def _accept(self, log: SessionLog, request: ChatRequest, *, streamed: bool) -> int:
        """The message's number; an earlier request with the same `Idempotency-Key` may have made it."""
        asked = self._clock.now()
        made, _, _ = await asyncio.gather(self._made(request), log.read(), self._guard(log))
        if made is not None and made.number > log.view.last:
            await log.read()  # another request with this key appended between the two reads
        if not _holds(made, log):
            decide = accept(request, self._clock.now(), self._timings.waiting, streamed=streamed)
            try:
                entry = await (self._append(log, decide, request) if streamed else log.append(decide))
                await self._guard_again(log, asked)
                return entry.number
            except KeyTaken:
                made = await self._made(request)
                await log.read()
            finally:
                self._sessions.keep(log)
        if made is None or not _holds(made, log):
            raise Unavailable("The message was accepted in another request; try again in a moment.")
        check_same(request, made)
        return made.number

    async def _append(self, log: SessionLog, decide: Decision, request: ChatRequest) -> Entry:
        """Append a message whose turn begins here, and meanwhile prefetch what its first step needs."""
        beside = asyncio.gather(
            reach_window(log),
            self._contexts.prefetch_key(request.app, log.head, request.client_id),
            self._contexts.prefetch_notes(log.session_id, request.owner(log.head)),
            return_exceptions=True,  # if prefetching failed, the runner reads it again
        )
        try:
            return await log.append(decide)
        finally:
            await beside

    async def _made(self, request: ChatRequest) -> Idempotency | None:
        if request.idempotency_key is None:
            return None
        return await self._table.idempotency(request.session_id, request.idempotency_key)

    async def _guard(self, log: SessionLog) -> None:
        wakeups = self._contexts.wakeups
        await wakeups.guard(log.session_id, log.writer, delay=self._timings.guard, sent=self._clock.now())

    async def _guard_again(self, log: SessionLog, sent: int) -> None:
        await guard_again(log, self._contexts.wakeups, sent, self._clock, self._timings)

    async def _wake(self, log: SessionLog) -> None:
        """Wake a worker. Never fails: the message is stored, and its guard comes in any case."""
        try:
            await self._contexts.wakeups.wake(log.session_id)
        except Unavailable:
            logger.warning("a wake-up was not sent", extra={"tag": log.tag})

    async def _stream_of(self, log: SessionLog, turn: int, last_event_id: str | None) -> ChatStream:
        """The stream from the turn's beginning or from `last_event_id`; with a `reset` if that is impossible."""
        await log.reach_back(lambda entries: entries[0].number <= turn)
        if last_event_id in (None, NEVER_USED):
            return ChatStream(log, turn, turn - 1)
        number = log.living.number_of(last_event_id)
        if number is not None and number <= log.view.last:
            return ChatStream(log, turn, max(number, turn - 1))
        stream = ChatStream(log, turn, turn - 1)
        stream.reset(log, await self._sessions.snapshot(log))
        return stream

    async def _serve(self, log: SessionLog, stream: ChatStream, request: ChatRequest) -> None:
        """Follow the turn to its end, here or elsewhere. The stream is closed whatever happens."""
        try:
            if _runs_here(log, stream.turn):
                await self._run(log, stream, request)
            while not stream.over and self._in_time(request):
                if log.view.goes_on(stream.turn):
                    await self._follow(log, stream, request)
                else:
                    stream.finish(log)
        except Unavailable:
            logger.warning("a stream was cut: the log does not answer", extra={"tag": log.tag})
        except Exception:
            logger.exception("a stream was cut", extra={"tag": log.tag})
        finally:
            self._sessions.keep(log)
            stream.close()

    async def _run(self, log: SessionLog, stream: ChatStream, request: ChatRequest) -> None:
        recorder = Recorder(
            log, stream.turn, stream, clock=self._clock, timings=self._timings, deadline=request.deadline
        )
        context = self._contexts.of(request.app, log.living)
        await TurnRunner(recorder, context, self._timings).run()
        if not stream.over and stream.provisional:
            await self._reset(log, stream)

    async def _reset(self, log: SessionLog, stream: ChatStream) -> None:
        """The runner lost its turn: the client starts again from a snapshot, if the session is still there."""
        await log.read()
        if stream.is_of(log):
            stream.reset(log, await self._sessions.snapshot(log))

    async def _follow(self, log: SessionLog, stream: ChatStream, request: ChatRequest) -> None:
        await self._clock.sleep(FOLLOW)
        with suppress(Unavailable):  # the next poll reads it
            await log.poll()
        stream.advanced(log)
        if log.view.waiting[:1] == (stream.turn,) and log.view.running is None:
            await self._take(log, stream, request)
        else:
            await self._sessions.nudge(log)

    async def _take(self, log: SessionLog, stream: ChatStream, request: ChatRequest) -> None:
        """Nothing is ahead of this turn any more: take it and run it here, unless another function was quicker."""
        began = self._clock.now()
        owner = log.living.owner
        await asyncio.gather(self._guard(log), self._contexts.prefetch_notes(log.session_id, owner))
        try:
            await log.append(lambda log: take_first(log, of=stream.turn))
        except NotToBeTaken:
            return
        await self._guard_again(log, began)
        stream.advanced(log)
        await self._run(log, stream, request)

    def _in_time(self, request: ChatRequest) -> bool:
        return request.deadline is None or self._clock.now() < request.deadline - self._timings.leave * 1000


def _next_look(waited: int) -> float:
    """Seconds until a waiting answer polls again: a tenth of what it has waited (ms), within bounds."""
    return min(max(waited / 10_000, FOLLOW), SELDOM)


def _holds(made: Idempotency | None, log: SessionLog) -> bool:
    """Whether the message of an `Idempotency-Key` is in the current session, not in a deleted one of the same id."""
    return made is not None and log.head is not None and made.number >= log.head.born


def _runs_here(log: SessionLog, turn: int) -> bool:
    running = log.view.running
    return running is not None and running.turn == turn and running.runner == log.writer
