"""Interrupt: ask the runner to stop, wait briefly, and end its turn if it does not answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from attache.clock import Clock
from attache.sessions.changes import NothingToDo, living
from attache.sessions.entries import End
from attache.sessions.log import Decision, SessionLog, Wanted
from attache.sessions.sessions import Sessions
from attache.sessions.view import Running
from attache.sessions.wakes import Wakeups
from attache.turns.answering import NotAtHand
from attache.turns.outcomes import left_open
from attache.turns.spending import spent
from attache.turns.successors import wake_waiting
from attache.turns.timings import Timings
from attache.turns.withdrawing import interrupt, is_at_hand

LOOK = 0.1  # seconds between two looks for the runner's end


class Interrupts:
    """`POST /api/interrupt`: what it returns is true (design, invariant 7)."""

    def __init__(self, sessions: Sessions, wakeups: Wakeups, clock: Clock, timings: Timings) -> None:
        self._sessions = sessions
        self._wakeups = wakeups
        self._clock = clock
        self._timings = timings

    async def interrupt(self, session_id: str) -> dict[str, Any]:
        """Stop the running turn and withdraw waiting messages; the snapshot, with `interrupted`. Raises NotFound."""
        log = self._sessions.log(session_id)
        interrupted = await self._ask(log)
        self._sessions.keep(log)
        return {**await self._sessions.delivered_snapshot(log), "interrupted": interrupted}

    async def _ask(self, log: SessionLog) -> bool:
        running: Running | None = None

        def decide(log: SessionLog) -> Wanted:
            nonlocal running
            living(log)
            if not log.view.busy:
                raise NothingToDo
            if not is_at_hand(log, log.entries) and not log.known.complete:
                raise NotAtHand
            running = log.view.running
            return Wanted(interrupt(log))

        await log.read()
        try:
            await self._append(log, decide)
        except NothingToDo:
            return False
        if running is not None:
            await self._see_it_ended(log, running.turn)
        return True

    @staticmethod
    async def _append(log: SessionLog, decide: Decision) -> None:
        while True:
            await log.reach_back(lambda entries: is_at_hand(log, entries))
            with suppress(NotAtHand):
                await log.append(decide)
                return

    async def _see_it_ended(self, log: SessionLog, turn: int) -> None:
        until = self._clock.now() + self._timings.interrupt * 1000
        while log.view.goes_on(turn) and self._clock.now() < until:
            await self._clock.sleep(LOOK)
            await log.poll()
        if log.view.goes_on(turn):
            await self._end(log, turn)

    async def _end(self, log: SessionLog, turn: int) -> None:
        """End that turn and no other: stored text is kept, and every open call gets a result."""

        def decide(log: SessionLog) -> Wanted:
            running = log.view.running
            if running is None or running.turn != turn:
                raise NothingToDo
            results, usage = left_open(log, running), spent(log, running.turn)
            return Wanted(End("interrupted", running.text, running.pieces, results=results, usage=usage))

        try:
            await log.append(decide)
        except NothingToDo:
            return
        await asyncio.gather(log.settle(), wake_waiting(log, self._wakeups, self._timings))
