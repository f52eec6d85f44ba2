"""A runner's access to its turn: everything it appends, and whether the turn is still its own.

Invariant: nothing is appended to a turn that this runner has lost, because each append is decided on the whole log up
to the slot that it wins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from attache.clock import Clock
from attache.errors import Unavailable
from attache.sessions.entries import Agent, Body, End, Entry, Sign, Text, Turn, TurnStatus, TurnUsage
from attache.sessions.log import SessionLog, Wanted
from attache.sessions.view import Running, View
from attache.turns.pieces import Unstored
from attache.turns.stops import Fenced, HandOver, Interrupted, TookTooLong
from attache.turns.timings import Timings

T = TypeVar("T")


class Audience(Protocol):
    """Something that shows a turn while it runs."""

    def live(self, text: str) -> None:
        """Text from the model that is not stored yet."""
        ...

    def advanced(self, log: SessionLog) -> None:
        """The log has new entries."""
        ...


class Nobody:
    """The audience of a turn in a worker: its readers follow the log."""

    def live(self, text: str) -> None: ...

    def advanced(self, log: SessionLog) -> None: ...


class Recorder:
    """Appends for the turn that `log`'s writer has taken, and keeps it alive while other work is awaited."""

    def __init__(
        self, log: SessionLog, turn: int, audience: Audience, *, clock: Clock, timings: Timings, deadline: int | None
    ) -> None:
        """`deadline`: when the function must have let go, in milliseconds since 1970; None if it is not limited."""
        self.log = log
        self.turn = turn
        self.unstored = Unstored(timings)
        self._audience = audience
        self._clock = clock
        self._timings = timings
        self._deadline = deadline
        self._signed = clock.now()

    @property
    def running(self) -> Running:
        """The turn, if it is still ours. Raises Fenced."""
        return _ours(self.log.view, self.turn, self.log.writer)

    @property
    def length(self) -> int:
        """Characters of the answer since the last step."""
        return len(self.running.text) + len(self.unstored.text)

    @property
    def resumed(self) -> bool:
        """Whether another runner began this turn."""
        taken = self.log.entry(self.running.taken)
        return taken is None or (isinstance(taken.body, Turn) and taken.body.why in ("takeover", "hand-over"))

    @property
    def age(self) -> int:
        """Milliseconds since the turn began."""
        return self._clock.now() - self.running.began

    def check(self) -> None:
        """Raises Fenced if the turn is lost, Interrupted if it is to end: a taker may find an interrupt in the log."""
        self._going_on(self.running)

    def said(self, text: str) -> None:
        """Show this text of the model at once, and store it with the next piece."""
        self._audience.live(text)
        self.unstored.add(text, self._clock.now())

    async def append(self, make: Callable[[Running], Body]) -> Entry:
        """Append what `make` returns. Raises Fenced if the turn is lost, Interrupted if it is to end."""
        return await self._append(lambda _, running: Wanted(make(running)), self._going_on)

    async def record(self, make: Callable[[SessionLog], Wanted]) -> Entry:
        """As `append`, together with other writes in one transaction."""
        return await self._append(lambda log, _: make(log), self._going_on)

    async def end(self, make: Callable[[Running], End], *, though_interrupted: bool = False) -> tuple[TurnStatus, int]:
        """End the turn; `though_interrupted`: even if an interrupt asks for it. Returns the status, and when (ms)."""
        check = _only_ours if though_interrupted else self._going_on
        entry = await self._append(lambda _, running: Wanted(make(running)), check)
        assert isinstance(entry.body, End)
        return entry.body.status, entry.at

    async def flush(self) -> None:
        """Store the text since the last piece."""
        text = self.unstored.text
        if text:
            await self.append(lambda running: Text(text, running.first_piece))
            self.unstored.stored(self._clock.now())

    async def go_on(self) -> None:
        """Between two pieces of text: store what is due. Raises TookTooLong, HandOver when time is up."""
        self.in_time()
        if self.unstored.due(self._clock.now()):
            await self.flush()

    def in_time(self) -> None:
        """Call before what cannot be broken off. Raises TookTooLong, HandOver when time is up."""
        now = self._clock.now()
        if now - self.running.began > self._timings.turn * 1000:
            raise TookTooLong
        if self._deadline is not None and now > self._deadline - self._timings.hand_over * 1000:
            raise HandOver

    async def close_text(self, usage: TurnUsage | None = None) -> None:
        """Make begun text a step of its own, because this model call will not finish it."""
        rest = self.unstored.text
        if rest or self.running.text:
            await self.append(lambda running: Agent(running.text + rest, pieces=running.pieces, cut=True, usage=usage))
            self.unstored.stored(self._clock.now())

    async def beside_model(self, work: Awaitable[T]) -> T:
        """The result of `work`, which waits for the model; text is stored meanwhile."""
        return await self._waiting_for(work, self.go_on)

    async def beside_tools(self, work: Awaitable[T]) -> T:
        """The result of `work`, which runs tools. Not cancelled for lack of time: they may be changing something."""
        return await self._waiting_for(work, _nothing)

    async def _waiting_for(self, work: Awaitable[T], go_on: Callable[[], Awaitable[None]]) -> T:
        """While `work` runs, append signs of life and watch for interrupts and takeovers.

        If the runner must stop, `work` is cancelled first.
        """
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=self._timings.look)
                if not task.done():
                    await go_on()
                    await self._show_life()
            return task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def fresh(self) -> None:
        """Call before sending a tool call: makes sure the log was read at most 2 s ago (session-log.md, rule 3)."""
        if self.log.quiet_for > self._timings.fresh * 1000:
            await self._look()

    async def _append(self, make: Callable[[SessionLog, Running], Wanted], check: Callable[[Running], None]) -> Entry:
        def decide(log: SessionLog) -> Wanted:
            running = _ours(log.view, self.turn, log.writer)
            check(running)
            return make(log, running)

        try:
            entry = await self.log.append(decide)
            self._signed = entry.at
            return entry
        finally:
            self._audience.advanced(self.log)

    async def _show_life(self) -> None:
        if self._clock.now() - self._signed >= self._timings.sign * 1000:
            await self.append(lambda _: Sign())
        elif self.log.quiet_for >= self._timings.tail * 1000:
            try:
                await self._look()
            except Unavailable:  # a failed read is repeated; a failed append is not: it may have succeeded
                if self.log.quiet_for > self._timings.patience * 1000:
                    raise

    async def _look(self) -> None:
        await self.log.poll()
        self._audience.advanced(self.log)
        self._going_on(self.running)

    @staticmethod
    def _going_on(running: Running) -> None:
        if running.interrupt is not None:
            raise Interrupted


async def _nothing() -> None: ...


def _ours(view: View, turn: int, runner: str) -> Running:
    running = view.running
    if view.deleted or running is None or running.turn != turn or running.runner != runner:
        raise Fenced
    return running


def _only_ours(running: Running) -> None:
    """An interrupt does not prevent writing the end that it asks for."""
