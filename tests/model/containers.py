"""Containers of functions: the real services, in a process that breaks down, and stands still between requests."""

from __future__ import annotations

import asyncio
import random
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from attache.apps.app import App, ModelChoice
from attache.clock import Clock
from attache.errors import AttacheError
from attache.sessions.sessions import Sessions
from attache.sessions.updates import Updates
from attache.tools.tool import Toolset
from attache.tools.toolsets import ConfirmedToolset, LaterToolset
from attache.turns.chats import Chats
from attache.turns.contexts import TurnContexts
from attache.turns.interrupts import Interrupts
from attache.turns.outcome_keeper import OutcomeKeeper
from attache.turns.summaries import Blocks
from attache.turns.system_messages import SystemMessages
from attache.turns.timings import DEFAULT
from attache.turns.worker import Worker
from tests.fakes.apps import FakeApps
from tests.fakes.clock import START
from tests.fakes.tool_jobs import FakeToolJobs
from tests.model.far_things import ORDER, SHIP, FarBlobs, FarQueue, FarTable, FarTools, FarUsage
from tests.model.script import Provider
from tests.model.virtual_time import Process, outside

T = TypeVar("T")
APP = App(
    name="shop",
    title="Shop",
    version="1",
    preamble="You help.",
    models=ModelChoice(default="claude-sonnet"),
    max_steps=8,
)


class VirtualClock(Clock):
    """The loop's time as wall time, `skew` milliseconds off; pauses are drawn from the seed, too."""

    def __init__(self, rng: random.Random, skew: int = 0) -> None:
        self._rng = rng
        self._skew = skew

    def now(self) -> int:
        return START + self._skew + int(asyncio.get_running_loop().time() * 1000)

    async def pause(self, seconds: float) -> None:
        await self.sleep(seconds * self._rng.uniform(0.5, 1.5))


class Cut(Exception):
    """The container died, or its time was up, before it had answered."""


@dataclass(frozen=True)
class Surroundings:
    """What all containers share."""

    table: FarTable
    queue: FarQueue
    provider: Provider
    tools: FarTools
    usage: FarUsage
    blobs: FarBlobs


Build = Callable[[Surroundings, Clock], "Services"]


class Services:
    """The shipped code, put together. A broken variant puts together something else."""

    timings = DEFAULT

    def __init__(self, around: Surroundings, clock: Clock) -> None:
        self.sessions = Sessions(around.table, around.queue, around.blobs, clock)
        contexts = TurnContexts(
            FakeApps(APP),
            around.provider,
            lambda _: self.toolset(around.tools),
            around.usage,
            around.queue,
            FakeToolJobs(),
            around.blobs,
            clock,
            blocks=Blocks(full=6, kept=2),
        )
        self.chats = Chats(self.sessions, around.table, contexts, clock, self.timings)
        self.worker = Worker(self.sessions, contexts, clock, self.timings)
        self.interrupts = Interrupts(self.sessions, around.queue, clock, self.timings)
        self.outcomes = OutcomeKeeper(self.sessions, around.queue, around.blobs, clock, self.timings)
        self.system = SystemMessages(self.sessions, self.outcomes, clock)
        self.updates = Updates(self.sessions, clock)

    def toolset(self, tools: FarTools) -> Toolset:
        """The tools of the app, some of which wait for something."""
        return ConfirmedToolset(LaterToolset(tools, (SHIP,)), (ORDER,))


class Container:
    """One process with services of its own. `rests`: it stands still while it has no request, as on Lambda."""

    def __init__(
        self, name: str, services: Services, clock: Clock, *, rests: bool, found: Callable[[str], None]
    ) -> None:
        self.process = Process(name)
        self.services = services
        self.clock = clock
        self.busy = 0
        self.since = 0.0
        self._rests = rests
        self._found = found

    @property
    def dead(self) -> bool:
        return self.process.state == "dead"

    def invoke(self, work: Coroutine[Any, Any, T], lasts: float) -> asyncio.Future[T]:
        """Do this within `lasts` seconds. The result raises Cut where nobody will ever know of one."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if not self.busy and self._rests:
            self.process.thaw()
        self.busy += 1
        self.since = asyncio.get_running_loop().time()
        task = self.process.start(work)
        time_is_up = outside(lasts, self.process.crash)
        self.process.when_dead(lambda: _cut(answer))
        self.process.when_dead(time_is_up.cancel)
        task.add_done_callback(lambda task: self._done(task, answer, time_is_up))
        return answer

    def _done(self, task: asyncio.Task[T], answer: asyncio.Future[T], time_is_up: asyncio.TimerHandle) -> None:
        time_is_up.cancel()
        self.busy -= 1
        if not self.busy and self._rests and self.process.state == "runs":
            self.process.freeze()
        if task.cancelled():
            return
        error = task.exception()
        if answer.done():
            return
        if error is None:
            answer.set_result(task.result())
            return
        if not isinstance(error, AttacheError):
            where = "".join(traceback.format_tb(error.__traceback__))
            self._found(f"{self.process.name} failed with {error!r}\n{where}")
        answer.set_exception(error)
        answer.exception()  # nobody need ask


def _cut(answer: asyncio.Future[Any]) -> None:
    if not answer.done():
        answer.set_exception(Cut())
        answer.exception()  # nobody need ask
