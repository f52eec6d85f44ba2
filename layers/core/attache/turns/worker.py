"""The turn worker: does what wake-ups lead to. A wake-up only says look; the log says what there is to do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from attache.apps.apps import DEFAULT_APP
from attache.clock import Clock
from attache.errors import NotFound, Unavailable
from attache.sessions.entries import End, Entry, Failure
from attache.sessions.log import Decision, SessionLog, Wanted
from attache.sessions.sessions import Sessions
from attache.sessions.table import FIRST_LOOK, GLANCE
from attache.sessions.view import Running
from attache.sessions.wakes import Wakeups
from attache.turns.contexts import TurnContexts
from attache.turns.guarding import next_look
from attache.turns.naming import Namer
from attache.turns.outcomes import left_open
from attache.turns.recorder import Nobody, Recorder
from attache.turns.runner import TurnRunner
from attache.turns.spending import spent
from attache.turns.successors import wake_waiting
from attache.turns.summarizing import Summarizer
from attache.turns.taking import (
    NotToBeTaken,
    guard_again,
    has_been_idle,
    is_dead,
    left_to_a_stream,
    take_first,
    take_over,
)
from attache.turns.timings import Timings
from attache.turns.wakeups import Guard, HandOver, Job, Purge, Summarize, Title, Wake
from attache.turns.window import reach_window

logger = logging.getLogger(__name__)

GIVEN_UP = Failure("internal", "This could not be finished after several tries. Ask again.", True)
APP_GONE = Failure("internal", "This assistant is not available any more.", False)


class Worker:
    """Does the jobs of the turns queue; each may come twice, late, or for nothing."""

    def __init__(self, sessions: Sessions, contexts: TurnContexts, clock: Clock, timings: Timings) -> None:
        self._sessions = sessions
        self._contexts = contexts
        self._clock = clock
        self._timings = timings
        self._namer = Namer(sessions, contexts, timings)
        self._summarizer = Summarizer(sessions, contexts, timings)

    async def handle(self, job: Job, deadline: int | None = None) -> None:
        """Do a job, or find that nothing is to be done. `deadline`: when the function's time is over (ms).

        Raises Unavailable if not even another look could be scheduled: the queue then delivers the job again.
        """
        match job:
            case Purge():
                await self._sessions.purge(job.session_id, job.tag)
            case Title():
                await self._namer.name(job.session_id, job.tag)
            case Summarize():
                await self._summarizer.summarize(job)
            case Wake() | Guard() | HandOver():
                try:
                    await self._look(job, deadline)
                except Unavailable:
                    # sooner than the queue would deliver it again
                    await self._look_again(job, self._timings.again)

    async def give_up(self, job: Job) -> None:
        """After the last try: end the turn that waits first or lost its runner as failed, so that its user knows."""
        log = self._sessions.log(job.session_id)
        await log.read()
        if isinstance(job, Purge | Title | Summarize) or not log.view.busy:
            return
        decide = take_first if log.view.running is None else take_over("takeover", self._dead)
        await self._guarded(log, decide, lambda _: self._give_up(log, GIVEN_UP))

    async def _look_again(self, job: Wake | Guard | HandOver, delay: float) -> None:
        if isinstance(job, Wake):
            await self._wakeups.wake(job.session_id, delay=delay)
        else:
            sent = job.sent if isinstance(job, Guard) else None
            await self._wakeups.guard(job.session_id, job.runner, delay=delay, sent=sent)

    async def _look(self, job: Wake | Guard | HandOver, deadline: int | None) -> None:
        log, now = self._sessions.log(job.session_id), self._clock.now()
        await log.read(GLANCE if isinstance(job, Guard) else FIRST_LOOK)
        self._sessions.keep(log)
        later = await next_look(log, job, now, self._timings) if isinstance(job, Guard) else None
        guarded = log.head is not None and await self._look_at(log, job, deadline)
        if later is not None and not guarded:
            await self._look_again(job, later)  # the runner may not have appended yet what this guards

    async def _look_at(self, log: SessionLog, job: Wake | Guard | HandOver, deadline: int | None) -> bool:
        """Do what there is to do; whether a guard of this runner was sent, which will check on all of it."""
        decide = await self._to_be_taken(log, job)
        return decide is not None and await self._guarded(
            log, decide, lambda running: self._run_or_give_up(log, running, deadline)
        )

    async def _to_be_taken(self, log: SessionLog, job: Wake | Guard | HandOver) -> Decision | None:
        """The decision that takes the turn somebody must take now; if it is too early, schedule another look."""
        running = log.view.running
        if running is None:
            return await self._waiting(log, job)
        if isinstance(job, HandOver) and job.runner == running.runner:
            return take_over("hand-over", lambda now: now.runner == job.runner)
        if is_dead(running, self._clock.now(), self._timings):
            logger.warning("a runner died", extra={"tag": log.tag, "runner": running.runner})
            self._contexts.meter.dead_runner(log.living.app or DEFAULT_APP)
            return take_over("takeover", self._dead)
        if isinstance(job, Guard) and job.runner == running.runner:
            await self._guard(log, running)
        return None

    async def _waiting(self, log: SessionLog, job: Wake | Guard | HandOver) -> Decision | None:
        if not log.view.waiting:
            return None
        mine = isinstance(job, Wake) and not left_to_a_stream(log)
        if mine or has_been_idle(log.view, self._clock.now(), self._timings):
            return take_first
        await self._wakeups.wake(log.session_id, delay=self._timings.idle)
        return None

    async def _guarded(self, log: SessionLog, decide: Decision, run: Callable[[Running], Awaitable[None]]) -> bool:
        """Send a guard, take a turn and run it; returns True. Raises Unavailable if the guard could not be sent.

        Once the guard is sent, failures are left to it alone: a job has one successor. With two, an hour without
        storage would make more of them than any queue can hold.
        """
        began = self._clock.now()
        sending = self._wakeups.guard(log.session_id, log.writer, delay=self._timings.guard, sent=began)
        guard = asyncio.ensure_future(sending)
        try:
            await asyncio.gather(
                guard, reach_window(log), self._contexts.prefetch_notes(log.session_id, log.living.owner)
            )
            if running := await self._take(log, decide, began):
                await run(running)
        except Unavailable:
            await guard
            logger.warning("a turn is left to its guard", extra={"tag": log.tag})
        return True

    async def _take(self, log: SessionLog, decide: Decision, guarded: int) -> Running | None:
        """The turn that was taken behind the guard sent at `guarded` (ms), or None."""
        try:
            await log.append(decide)
        except NotToBeTaken:
            return None
        await guard_again(log, self._wakeups, guarded, self._clock, self._timings)
        return log.view.running

    async def _run_or_give_up(self, log: SessionLog, running: Running, deadline: int | None) -> None:
        if self._given_up(running):
            await self._give_up(log, GIVEN_UP)
        else:
            await self._run(log, running.turn, deadline)
        self._sessions.keep(log)

    async def _run(self, log: SessionLog, turn: int, deadline: int | None) -> None:
        try:
            context = await self._contexts.of_session(log.living)
        except NotFound:
            await self._give_up(log, APP_GONE)
            return
        recorder = Recorder(log, turn, Nobody(), clock=self._clock, timings=self._timings, deadline=deadline)
        await TurnRunner(recorder, context, self._timings).run()

    async def _guard(self, log: SessionLog, running: Running) -> None:
        """The runner lives: its guard sends a successor before it is acknowledged."""
        due = running.seen + self._timings.guard * 1000 - self._clock.now()
        await self._wakeups.guard(log.session_id, running.runner, delay=max(due / 1000, 1.0))

    async def _give_up(self, log: SessionLog, failure: Failure) -> None:
        def decide(log: SessionLog) -> Wanted:
            running = log.view.running
            if running is None or running.runner != log.writer:
                raise NotToBeTaken
            results, usage = left_open(log, running), spent(log, running.turn)
            end = End("failed", running.text, running.pieces, results=results, usage=usage, failure=failure)
            stopped = running.interrupt is not None
            return Wanted(replace(end, status="interrupted", failure=None) if stopped else end)

        began = log.view.running.began if log.view.running else self._clock.now()
        try:
            given_up = await log.append(decide)
        except NotToBeTaken:
            return
        self._count(log, given_up, began)
        await log.settle()
        await wake_waiting(log, self._wakeups, self._timings)

    def _count(self, log: SessionLog, given_up: Entry, began: int) -> None:
        assert isinstance(given_up.body, End)
        meter = self._contexts.meter
        meter.turn(log.living.app or DEFAULT_APP, given_up.body.status, given_up.at - began)
        meter.flush()

    def _given_up(self, running: Running) -> bool:
        old = self._clock.now() - running.began > self._timings.turn * 1000
        return old or running.takeovers > self._timings.takeovers

    def _dead(self, running: Running) -> bool:
        return is_dead(running, self._clock.now(), self._timings)

    @property
    def _wakeups(self) -> Wakeups:
        return self._contexts.wakeups
