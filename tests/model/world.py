"""Everything together: containers, what they call, and clients, in virtual time."""

from __future__ import annotations

import asyncio
import json
import random
import traceback
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from attache.clock import Clock
from attache.errors import AttacheError
from attache.turns.wakeups import Job, Purge
from tests.fakes.session_table import FakeSessionTable
from tests.model import clients
from tests.model.clients import Chat
from tests.model.containers import Container, Cut, Services, Surroundings, VirtualClock
from tests.model.far_things import FarBlobs, FarQueue, FarTable, FarTools, FarUsage, Stored
from tests.model.followers import QUIET, Follower, catch_up, follow
from tests.model.listening import listening
from tests.model.network import Chaos, Network
from tests.model.script import Provider, Script, draw_script
from tests.model.story import Story
from tests.model.virtual_time import VirtualLoop, nobody

SESSION = "5e551011-0000-4000-8000-000000000000"
RECEIVES = 5  # of a queue message, before it goes to the dead letters
Time = Callable[[], float]
REST = 1100.0  # seconds in which everything must have come to rest: a wake-up may be hidden for 960


class Ways:
    """How a world is made. A broken one says what is broken by overriding this.

    `lonely`: the share of schedules in which only guards see to a turn's end.
    """

    lonely = 0.1

    def services(self, around: Surroundings, clock: Clock) -> Services:
        return Services(around, clock)

    def table(self, clock: Clock) -> FakeSessionTable:
        return FakeSessionTable(clock)

    def tools(self, network: Network, time: Time, takes: Callable[[], float]) -> FarTools:
        return FarTools(network, time, takes)

    def queue(self, network: Network, time: Time, deliver: Callable[[Job, float], None]) -> FarQueue:
        return FarQueue(network, deliver)


class World:
    """One session and all who have to do with it.

    `rests`: a container has one request at a time and stands still between them, as on Lambda; else they share one.
    `violations` are found on the way; `delivered` counts the failures that snapshots delivered; `shown` is the last
    snapshot; `slow`: the share of words and tools that take long; `asks`: of calls that wait for something;
    `calm`: nothing goes wrong here; `prompt`: wake-ups come in time, whatever else goes wrong; `long`: so much time
    has passed that entries have expired; `empty`: all of them, so that what no end told the head is not known any more.
    """

    session_id = SESSION

    def __init__(self, chaos: Chaos, rng: random.Random, *, ways: Ways | None = None, rests: bool = True) -> None:
        self.rng = rng
        self.loop = VirtualLoop()
        self.scripts: dict[str, Script] = {}
        self.chats: list[Chat] = []
        self.containers: list[Container] = []
        self.violations: list[str] = []
        self.trace: list[tuple[float, str]] = []
        self.delivered = 0
        self.shown: clients.Json | None = None
        self.calm = self.prompt = self.long = self.empty = False
        self.skew = 0
        self.visibility = 60.0
        self.slow = 0.0
        self.asks = 0.0
        self.coming: Counter[str] = Counter()
        self.followers: list[Follower] = []
        self._ways = ways or Ways()
        self._rests = rests
        self._clients: set[asyncio.Task[Any]] = set()
        self._story, self._told = Story(), 0
        self.network = network = Network(chaos, self.note)
        self.table = FarTable(network, self._ways.table(VirtualClock(rng)), self.loop.time)
        self.queue = self._ways.queue(network, self.loop.time, self.deliver)
        self.provider = Provider(network, self.scripts, self._pace, rng)
        self.tools = self._ways.tools(network, self.loop.time, self._pace)
        self._blobs = FarBlobs(network)

    # ---- what happens

    def run(self, seconds: float) -> None:
        """Let time pass."""
        with listening(self.found):
            self.loop.run_until_complete(asyncio.sleep(seconds))

    def begin(self, work: Coroutine[Any, Any, Any]) -> None:
        """What a client does, beside everything else."""
        task = self._start(work)
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    def rest(self, limit: float = REST) -> None:
        """Let everything come to rest: no client waits, no turn runs, no wake-up but a purge is on its way."""
        until = self.loop.time() + limit
        while self.loop.time() < until and not self._resting:
            self.run(5)

    def recover(self) -> None:
        """Where a wake-up was lost, work may lie until somebody asks; where none was, nothing may."""
        if self.story().busy:
            if not self.queue.lost:
                self.found("work lies although no wake-up was lost")
            self.begin(clients.poll(self, None))
            self.rest()

    def next_message_works(self) -> None:
        """Send one more message, and look at everything afterwards."""
        self.slow = self.provider.failures = 0.0
        chat = self.new_chat(key=None)
        self.begin(clients.stream(self, chat))
        self.run(90)
        if chat.final is None or chat.final.get("status") != "done":
            self.found(f"the next message, {chat.name}, came to {chat.final}")
        for follower in self.followers:
            self.begin(catch_up(self, follower))
        self.run(2 * QUIET)
        self.begin(clients.look(self))
        self.run(5)

    def new_chat(self, **more: Any) -> Chat:
        name = f"m{len(self.chats)}"
        self.scripts[name] = draw_script(name, self.rng, self.asks)
        chat = Chat(name, **more)
        self.chats.append(chat)
        return chat

    def container(self) -> Container:
        """One that is free, or a new one."""
        living = [each for each in self.containers if not each.dead]
        free = [each for each in living if not self._rests or not each.busy]
        if not free or (len(living) < 4 and self.rng.random() < 0.2):
            free = [self.new_container()]
        return self.rng.choice(free)

    def new_container(self) -> Container:
        clock = VirtualClock(self.rng, self.rng.randint(-self.skew, self.skew))
        usage = FarUsage(self.network)
        around = Surroundings(self.table, self.queue, self.provider, self.tools, usage, self._blobs)
        name = f"c{len(self.containers)}"
        made = Container(name, self._ways.services(around, clock), clock, rests=self._rests, found=self.found)
        self.containers.append(made)
        return made

    def deliver(self, job: Job, delay: float) -> None:
        """Bring a wake-up to a worker."""
        self.coming[type(job).__name__] += 1
        self.loop.call_later(delay, lambda: self._start(self._receive(job)), context=nobody())

    def close(self) -> None:
        """Bury everything that still waits for something."""
        self.network.over = True
        for container in self.containers:
            container.process.bury()
        for _ in range(20):
            for task in self.loop.tasks:
                task.cancel()
            with listening(lambda _: None):
                self.loop.run_until_complete(asyncio.sleep(0.1))
        self.loop.close()

    @property
    def _resting(self) -> bool:
        on_the_way = sum(count for kind, count in self.coming.items() if kind != Purge.__name__)
        stands_still = any(each.busy and each.process.state == "frozen" for each in self.containers)
        return not (self.story().busy or on_the_way or self._clients or stands_still)

    async def _receive(self, job: Job) -> None:
        try:
            for _ in range(RECEIVES):
                if await self._handled(job):
                    return
                await asyncio.sleep(self.visibility)
            self.queue.lost += 1
        finally:
            self.coming[type(job).__name__] -= 1

    async def _handled(self, job: Job) -> bool:
        container = self.container()
        deadline = container.clock.now() + int(clients.LASTS * 1000)
        try:
            await container.invoke(container.services.worker.handle(job, deadline), clients.LASTS)
        except (AttacheError, Cut):
            return False
        return True

    def _start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = self.loop.create_task(work)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            where = "".join(traceback.format_tb(error.__traceback__))
            self.found(f"the simulation itself failed with {error!r}\n{where}")

    def _pace(self) -> float:
        """Seconds that a model takes for a word, or a tool for an answer."""
        if self.rng.random() < self.slow:
            return self.rng.choice((2.0, 8.0, 25.0, 40.0))
        return self.rng.uniform(0.01, 0.6)

    # ---- what is known of it

    def found(self, violation: str) -> None:
        self.note(f"VIOLATION: {violation}")
        self.violations.append(violation)

    def follow(self, seconds: float) -> None:
        """One more client reads a snapshot, and follows updates for so long."""
        self.followers.append(Follower())
        self.begin(follow(self, self.followers[-1], seconds))

    def note(self, what: str) -> None:
        self.trace.append((self.loop.time(), what))

    def story(self) -> Story:
        """The same object each time, told up to now; what it holds of turns changes as they go on."""
        for stored in self.table.tape[self._told :]:
            self._story.tell(stored)
        self._told = len(self.table.tape)
        return self._story

    @property
    def last(self) -> int:
        return self.table.tape[-1].entry.number if self.table.tape else 0

    def seen_between(self, first: int, last: int) -> list[str]:
        tape = (stored.entry for stored in self.table.tape)
        return [e.kind for e in tape if first < e.number <= last and e.kind not in ("sign", "delivered", "call")]

    def told(self) -> str:
        """Everything that happened, line by line."""
        sent = [(each.time, f"    {each.call.name} reached: {each.call.arguments}") for each in self.tools.reached]
        lines = [*self.trace, *((stored.time, _line(stored)) for stored in self.table.tape), *sent]
        return "\n".join(f"{time:9.3f}  {line}" for time, line in sorted(lines, key=lambda line: line[0]))


def _line(stored: Stored) -> str:
    entry = stored.entry
    body = {name: value for name, value in vars(entry.body).items() if value}
    return f"    {entry.number:4} {entry.writer[:4]} {entry.kind} {json.dumps(body, default=str)[:200]}"
