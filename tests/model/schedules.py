"""Schedules drawn from a seed: who does what when, what breaks down, what the network loses."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.model import clients, outcomes
from tests.model.network import Fate, Request, Trouble, What
from tests.model.verdict import Violation, check
from tests.model.world import Ways, World

BUSY = 40.0  # seconds in which clients begin something
DAY = 86_400.0
_LOST: tuple[Request, ...] = ("arrives", "lost", "late")  # where it arrives, its answer is lost


@dataclass
class SeededChaos:
    """Draws troubles at the given rates (of requests, or of wake-ups) while `on`.

    Each schedule has only some kinds of trouble: rare combinations come up that a mixture of everything would bury.
    """

    rng: random.Random
    crashes: float = 0.0
    freezes: float = 0.0
    losses: float = 0.0
    wake_up_losses: float = 0.0
    wake_up_doubles: float = 0.0
    lateness: float = 0.0
    slowness: float = 0.05
    on: bool = True
    outages: list[tuple[float, float]] = field(default_factory=list)
    doubles_left: int = 200  # a queue that doubled each of a long outage's retries for ever would be a storm of its own
    time: Callable[[], float] = float

    def fate(self, what: What) -> Fate:
        going, coming = (self.rng.expovariate(1 / self.slowness) if self.on else 0.01 for _ in range(2))
        if not self.on:
            return Fate(going, coming)
        out = any(began <= self.time() < ended for began, ended in self.outages) and what in ("put", "read")
        lost = out or self.rng.random() < self.losses * (0.2 if what == "read" else 1)
        request: Request = self.rng.choice(_LOST) if lost else "arrives"
        late, before, after = self.rng.uniform(0.1, 20), self._trouble(), self._trouble()
        return Fate(going, coming, request, answered=not lost, late=late, before=before, after=after)

    def deliveries(self) -> list[float]:
        if not self.on:
            return [0.05]
        if self.rng.random() < self.wake_up_losses:
            return []
        copies = 2 if self.rng.random() < self.wake_up_doubles and self.doubles_left else 1
        self.doubles_left -= copies - 1
        return [self.rng.expovariate(1 / self.lateness) if self.lateness else 0.05 for _ in range(copies)]

    @property
    def calm(self) -> bool:
        return not (self.crashes or self.freezes or self.losses or self.outages or self.wake_up_losses or self.lateness)

    def _trouble(self) -> Trouble | None:
        if self.rng.random() < self.crashes / 2:
            return Trouble()
        if self.rng.random() < self.freezes / 2:
            return Trouble(self.rng.choice((0.5, 1.9, 4.0, 14.0, 24.0, 40.0, 120.0)) * self.rng.uniform(0.8, 1.2))
        return None


@dataclass(frozen=True)
class Told:
    """What a schedule came to. `seconds`: when its last line happened, the same to the bit for the same seed."""

    seconds: float
    turns: int
    takeovers: int
    interrupted: int
    failed: int
    deleted: int
    crashes: int
    resumed: int


def run_schedule(seed: int, ways: Ways | None = None) -> Told:
    """Run the schedule of a seed. Raises Violation, with all that happened."""
    rng, ways = random.Random(seed), ways or Ways()
    lonely = rng.random() < ways.lonely
    chaos = SeededChaos(rng) if lonely else _draw_chaos(rng)
    world = World(chaos, rng, ways=ways, rests=lonely or rng.random() < 0.6)
    chaos.time, world.calm, world.prompt = world.loop.time, chaos.calm and not lonely, lonely
    try:
        (_send_one if lonely else _send_clients)(world, rng)
        _play(world, chaos, rng)
        check(world)
        return _summary(world)
    except Violation as violation:
        raise Violation(f"{violation}\n{world.told()}") from None
    finally:
        world.close()


def _draw_chaos(rng: random.Random) -> SeededChaos:
    def sometimes(*rates: float) -> float:
        return rng.choice(rates) if rng.random() < 0.5 else 0.0

    chaos = SeededChaos(
        rng,
        crashes=sometimes(0.005, 0.02, 0.06),
        freezes=sometimes(0.005, 0.02, 0.06),
        losses=sometimes(0.005, 0.03, 0.1),
        wake_up_losses=sometimes(0.1, 0.5, 1.0) if rng.random() < 0.5 else 0.0,
        wake_up_doubles=sometimes(0.2, 0.8),
        lateness=sometimes(0.5, 5.0, 30.0),
        slowness=rng.choice((0.002, 0.02, 0.2)),
    )
    if rng.random() < 0.15:
        began = rng.uniform(0, BUSY)
        chaos.outages.append((began, began + rng.choice((3, 12, 17, 30))))
    return chaos


def _play(world: World, chaos: SeededChaos, rng: random.Random) -> None:
    world.skew = rng.choice((0, 0, 1000))
    world.visibility = rng.choice((20.0, 60.0, 960.0))
    world.run(BUSY + rng.uniform(0, 40))
    chaos.on = False
    world.rest()
    world.recover()
    if rng.random() < 0.15:
        world.long = True
        seconds = rng.choice((1100.0, 1.1 * DAY, 91 * DAY, 96.99 * DAY, 98 * DAY))
        world.empty = seconds > 90 * DAY
        world.run(seconds)
    world.next_message_works()


def _send_one(world: World, rng: random.Random) -> None:
    """A slow answer that nobody waits for, and a runner that dies now and then: only guards see to its end."""
    world.slow = 1.0
    chat = world.new_chat(key=None, leaves_after=1.0)
    world.begin(clients.stream(world, chat) if rng.random() < 0.5 else clients.ask(world, chat, 0))
    for _ in range(rng.choice((1, 1, 2, 3))):
        _at(world, rng.uniform(0, 2 * BUSY), lambda: _kill_the_runner(world, chat))

    if rng.random() < 0.5:
        world.prompt = False
        begins, lasts = rng.uniform(0, 0.2), rng.choice((30.0, 30.0, 80.0, 850.0))
        _at(world, begins, lambda: _freeze_the_runner(world, lasts))
        if rng.random() < 0.7:
            _at(world, begins + lasts + rng.uniform(0.05, 0.25), lambda: _kill_the_runner(world, chat))


def _freeze_the_runner(world: World, seconds: float) -> None:
    """For longer than its guard waits."""
    for container in world.containers:
        if container.busy:
            world.note(f"{container.process.name} freezes")
            container.process.freeze(seconds)


def _kill_the_runner(world: World, chat: clients.Chat) -> None:
    for container in world.containers:
        if world.chats[-1] is chat and container.busy and world.loop.time() - container.since > 1:
            world.note(f"{container.process.name} dies")
            container.process.crash()


def _send_clients(world: World, rng: random.Random) -> None:
    world.slow = rng.choice((0.0, 0.0, 0.1))
    world.provider.failures = rng.choice((0.0, 0.0, 0.0, 0.03, 0.15))
    world.asks = rng.choice((0.0, 0.3, 0.8))
    together = rng.random() < 0.3
    starts = [rng.uniform(0, 1 if together else BUSY) for _ in range(rng.choice((1, 2, 3, 5, 8)))]
    deletes, interrupts, polls, others = (rng.random() < share for share in (0.15, 0.5, 0.4, 0.3))
    for start in sorted(starts):
        _at(world, start, lambda: _chat(world, rng))
    for wanted, most, act in (
        (interrupts, 4, lambda: world.begin(clients.interrupt(world))),
        (deletes, 2, lambda: world.begin(clients.delete(world))),
        (others, 3, lambda: world.begin(clients.say_who(world, rng.randint(0, 9)))),
        (others, 2, lambda: world.begin(clients.rename(world, rng.randint(0, 9)))),
    ):
        for _ in range(rng.randint(1, most) if wanted else 0):
            _at(world, rng.uniform(0, BUSY), act)
    if world.asks and rng.random() < 0.9:
        world.begin(_answers(world, rng))
    for _ in range(rng.choice((0, 0, 1, 2))):
        _at(world, rng.uniform(0, BUSY), lambda: world.follow(rng.uniform(5, BUSY)))
    if polls:
        _at(world, rng.uniform(0, 5), lambda: world.begin(_polls(world, rng)))


async def _polls(world: World, rng: random.Random) -> None:
    etag = None
    for _ in range(20):
        etag = await clients.poll(world, etag)
        await asyncio.sleep(rng.uniform(0.2, 3))


async def _answers(world: World, rng: random.Random) -> None:
    for _ in range(12):
        await asyncio.sleep(rng.uniform(0.1, 8))
        await outcomes.answer(world)


def _chat(world: World, rng: random.Random) -> None:
    chat = world.new_chat(
        key=f"key-{len(world.chats)}" if rng.random() < 0.7 else None,
        tries=rng.choice((1, 3, 6)),
        patience=rng.choice((12.0, 30.0, 100.0)),
        leaves_after=rng.uniform(0, 5) if rng.random() < 0.2 else None,
        lasts=rng.choice((clients.LASTS, clients.LASTS, 47.0, 60.0)),
        connects=rng.random() < 0.8,
    )
    if rng.random() < 0.65:
        world.begin(clients.stream(world, chat))
    else:
        world.begin(clients.ask(world, chat, rng.choice((0.0, 1.0, 20.0))))


def _at(world: World, when: float, act: Callable[[], object]) -> None:
    world.loop.call_later(when, act)


def _summary(world: World) -> Told:
    turns = world.story().turns
    return Told(
        seconds=world.loop.time(),
        turns=len(turns),
        takeovers=sum(turn.takeovers for turn in turns),
        interrupted=sum(turn.withdrawn or bool(turn.end and turn.end.status == "interrupted") for turn in turns),
        failed=sum(bool(turn.end and turn.end.failure) for turn in turns),
        deleted=sum(turn.deleted for turn in turns),
        crashes=sum(container.dead for container in world.containers),
        resumed=sum("was cut" in what for _, what in world.trace),
    )
