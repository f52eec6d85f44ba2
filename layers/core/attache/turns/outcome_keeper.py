"""Applies outcomes of pending calls: stores them, then wakes a worker to tell the user."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from attache.clock import Clock
from attache.errors import Unavailable
from attache.sessions.blobs import Blobs
from attache.sessions.entries import Entry, Interrupt
from attache.sessions.log import Decision, SessionLog, Wanted
from attache.sessions.long_results import keep_whole
from attache.sessions.sessions import Sessions
from attache.sessions.table import KeyTaken
from attache.sessions.wakes import Wakeups
from attache.turns.answering import Answer, NotAtHand, NothingPending, answered_calls, apply, has_pending
from attache.turns.timings import Timings

logger = logging.getLogger(__name__)


class _TooEarly(Exception):
    """An interrupt is still being answered, for at most `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class OutcomeKeeper:
    """Stores each outcome once, with a turn that answers it."""

    def __init__(self, sessions: Sessions, wakeups: Wakeups, blobs: Blobs, clock: Clock, timings: Timings) -> None:
        self._sessions = sessions
        self._wakeups = wakeups
        self._blobs = blobs
        self._clock = clock
        self._timings = timings

    async def apply(self, session_id: str, answer: Answer) -> tuple[SessionLog, Entry]:
        """Append the outcome; it is durable when this returns the log. Raises NothingPending, Unavailable."""
        log = self._sessions.log(session_id)
        await log.read()
        try:
            entry = await self._append(log, answer)
        except KeyTaken as error:
            raise NothingPending("This was answered before.") from error
        finally:
            self._sessions.keep(log)
        await self._wake(log)
        return log, entry

    async def _append(self, log: SessionLog, answer: Answer) -> Entry:
        while True:
            await log.reach_back(lambda entries: has_pending(log, entries))
            try:
                kept = await self._kept(log, answer, answered_calls(log, answer))
                # before the append: if the process ends right after it, the guard finds what waits
                await self._wakeups.guard(log.session_id, log.writer, delay=self._timings.guard, sent=self._clock.now())
                return await log.append(self._in_its_time(kept))
            except NotAtHand:
                continue
            except _TooEarly as held:
                await self._clock.sleep(held.seconds)

    def _in_its_time(self, answer: Answer) -> Decision:
        """As `apply`, but late results wait while an interrupt is answered.

        They start a turn, and the answer says that nothing is processing. What clients post is applied at once.
        """
        decide = apply(answer)

        def decide_in_time(log: SessionLog) -> Wanted:
            left = self._interrupted_until(log) - self._clock.now()
            if answer.kind == "steps" and left > 0:
                raise _TooEarly(left / 1000)
            return decide(log)

        return decide_in_time

    def _interrupted_until(self, log: SessionLog) -> int:
        """Time (ms) at which the newest interrupt has certainly been answered."""
        interrupts = (entry.at for entry in reversed(log.entries) if isinstance(entry.body, Interrupt))
        return next(interrupts, 0) + int((self._timings.interrupt + self._timings.clocks) * 1000)

    async def _kept(self, log: SessionLog, answer: Answer, calls: Sequence[str]) -> Answer:
        """The answer; a long text is stored whole beside the log."""
        kept = [await keep_whole(self._blobs, log, call_id, answer.whole) for call_id in calls]
        return answer if all(kept) else replace(answer, whole=None)

    async def _wake(self, log: SessionLog) -> None:
        """Wake a worker. Never fails: the outcome is stored, and its guard comes in any case."""
        if log.view.running is not None:
            return
        try:
            await self._wakeups.wake(log.session_id)
        except Unavailable:
            logger.warning("a wake-up was not sent", extra={"tag": log.tag})
