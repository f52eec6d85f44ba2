"""The same world under rules that hypothesis plays: what it finds, it makes as short as it can."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from attache.turns.wakeups import Job
from tests.model import clients, outcomes
from tests.model.containers import Container
from tests.model.far_things import FarQueue
from tests.model.network import Fate, Network, Request, What
from tests.model.verdict import check, check_so_far
from tests.model.world import Time, Ways, World

AGES = (0.3, 2.0, 9.0, 25.0, 60.0)  # seconds that may pass at once: each is longer than another of the protocol's times


class HeldQueue(FarQueue):
    """Wake-ups that come when somebody brings them: late, twice or never, but none before its time."""

    def __init__(self, network: Network, deliver: Callable[[Job, float], None], time: Callable[[], float]) -> None:
        super().__init__(network, self._hold)
        self._held: list[tuple[Job, float]] = []
        self._by_hand = True
        self._bring = deliver
        self._time = time

    def bring(self, place: int, *, again: bool) -> None:
        due = [(job, when) for job, when in self._held if when <= self._time()]
        if due:
            self._bring(due[place % len(due)][0], 0)
            if not again:
                self._held.remove(due[place % len(due)])

    def lose(self, place: int) -> None:
        if self._held:
            del self._held[place % len(self._held)]
            self.lost += 1

    def let_go(self) -> None:
        """From now on everything comes by itself, and what was held as well."""
        self._by_hand = False
        for job, when in self._held:
            self._bring(job, max(when - self._time(), 0))

    def _hold(self, job: Job, delay: float) -> None:
        if self._by_hand:
            self._held.append((job, self._time() + delay))
        else:
            self._bring(job, delay)


class Held(Ways):
    def queue(self, network: Network, time: Time, deliver: Callable[[Job, float], None]) -> FarQueue:
        return HeldQueue(network, deliver, time)


class OneLoss:
    """A network on which nothing happens but what is asked for: the next put is lost in one of three ways."""

    def __init__(self) -> None:
        self.next_put: Request | None = None

    def fate(self, what: What) -> Fate:
        if what != "put" or self.next_put is None:
            return Fate()
        request, self.next_put = self.next_put, None
        return Fate(request=request, answered=False, late=3.0)

    def deliveries(self) -> list[float]:
        return [0.0]


class Sessions(RuleBasedStateMachine):
    """Chats, interrupts, deletions and polls of one session, and processes that stop."""

    def __init__(self) -> None:
        super().__init__()
        self.chaos = OneLoss()

    @initialize(seed=st.integers(0, 999), rests=st.booleans(), skew=st.sampled_from((0, 1000)))
    def begin(self, seed: int, rests: bool, skew: int) -> None:
        self.world = World(self.chaos, random.Random(seed), ways=Held(), rests=rests)
        self.world.skew, self.world.asks = skew, 0.5
        self.world.begin(clients.stream(self.world, self.world.new_chat(key="first", tries=3)))

    @property
    def queue(self) -> HeldQueue:
        assert isinstance(self.world.queue, HeldQueue)
        return self.world.queue

    @rule(streamed=st.booleans(), key=st.booleans(), stays=st.booleans())
    def chat(self, streamed: bool, key: bool, stays: bool) -> None:
        chat = self.world.new_chat(
            key=f"key-{len(self.world.chats)}" if key else None,
            tries=3,
            leaves_after=None if stays else 1.0,
            connects=True,
        )
        work = clients.stream(self.world, chat) if streamed else clients.ask(self.world, chat, 1.0)
        self.world.begin(work)

    @rule()
    def interrupt(self) -> None:
        self.world.begin(clients.interrupt(self.world))

    @rule()
    def poll(self) -> None:
        self.world.begin(clients.poll(self.world, None))

    @rule()
    def follow(self) -> None:
        self.world.follow(20.0)

    @rule()
    def delete(self) -> None:
        self.world.begin(clients.delete(self.world))

    @rule()
    def answer(self) -> None:
        self.world.begin(outcomes.answer(self.world))

    @rule(place=st.integers(0, 9), again=st.booleans())
    def bring(self, place: int, again: bool) -> None:
        self.queue.bring(place, again=again)

    @rule(place=st.integers(0, 9))
    def lose(self, place: int) -> None:
        self.queue.lose(place)

    @rule(place=st.integers(0, 3))
    def crash(self, place: int) -> None:
        if container := self._container(place):
            container.process.crash()

    @rule(place=st.integers(0, 3))
    def freeze(self, place: int) -> None:
        if container := self._container(place):
            container.process.was_frozen = True
            container.process.freeze()

    @rule(place=st.integers(0, 3))
    def thaw(self, place: int) -> None:
        if (container := self._container(place)) and container.busy:
            container.process.thaw()

    @rule(way=st.sampled_from(("arrives", "lost", "late")))
    def lose_the_next_put(self, way: Request) -> None:
        self.chaos.next_put = way

    @rule(seconds=st.sampled_from(AGES))
    def wait(self, seconds: float) -> None:
        self.world.run(seconds)

    @invariant()
    def nothing_is_wrong_so_far(self) -> None:
        if hasattr(self, "world"):
            check_so_far(self.world)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self._come_to_rest()
        finally:
            self.world.close()

    def _come_to_rest(self) -> None:
        for container in self.world.containers:
            if container.busy:
                container.process.thaw()
        self.queue.let_go()
        self.world.rest()
        self.world.recover()
        self.world.next_message_works()
        check(self.world)

    def _container(self, place: int) -> Container | None:
        living = [container for container in self.world.containers if not container.dead]
        return living[place % len(living)] if living else None


@pytest.mark.timeout(600)
def test_sessions_under_every_rule() -> None:
    examples = min(max(int(os.environ.get("SCHEDULES", "300")) // 10, 1), 400)
    run_state_machine_as_test(
        Sessions,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
