"""The checker sees what is wrong: each of these worlds is broken in one way, and is found out within a few seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from attache.clock import Clock
from attache.sessions.entries import Entry, Text
from attache.sessions.head import Lifetime
from attache.sessions.table import Beside
from attache.tools.tool import ToolSpec
from attache.turns.interrupts import Interrupts
from attache.turns.wakeups import Job
from tests.fakes.session_table import FakeSessionTable
from tests.model.containers import Services, Surroundings
from tests.model.far_things import FarQueue, FarTools
from tests.model.network import Network
from tests.model.schedules import run_schedule
from tests.model.verdict import Violation
from tests.model.world import Time, Ways

SEEDS = 300


class _Overwriting(FakeSessionTable):
    """The slot is no fence: who comes second wins."""

    async def put(self, session_id: str, entry: Entry, beside: Beside, lifetime: Lifetime) -> None:
        stands = self._at(session_id).log.get(entry.number)
        if stands is not None and stands[0].nonce != entry.nonce:
            del self._at(session_id).log[entry.number]
        await super().put(session_id, entry, beside, lifetime)


class _Forgetting(FakeSessionTable):
    """Says of pieces of text that they are stored, and keeps none."""

    async def put(self, session_id: str, entry: Entry, beside: Beside, lifetime: Lifetime) -> None:
        if not isinstance(entry.body, Text):
            await super().put(session_id, entry, beside, lifetime)


class _CalledSafe(FarTools):
    """Says of a call that changes something that it may be sent again."""

    @property
    def specs(self) -> Sequence[ToolSpec]:
        return [replace(spec, safe=True) for spec in super().specs]


class _Unguarded(FarQueue):
    """Takes guards, brings none, and does not own up to it."""

    async def guard(self, session_id: str, runner: str, *, delay: float, sent: int | None = None) -> None:
        return


class _Shortsighted(FarQueue):
    """Its guards do not know that their entry may still come."""

    async def guard(self, session_id: str, runner: str, *, delay: float, sent: int | None = None) -> None:
        await super().guard(session_id, runner, delay=delay)


class _NotInterrupting(Interrupts):
    """Says that it has interrupted, and has not."""

    async def interrupt(self, session_id: str) -> dict[str, Any]:
        return {"system_events": [], "interrupted": True}


class Unfenced(Ways):
    def table(self, clock: Clock) -> FakeSessionTable:
        return _Overwriting(clock)


class Forgetful(Ways):
    def table(self, clock: Clock) -> FakeSessionTable:
        return _Forgetting(clock)


class Careless(Ways):
    def tools(self, network: Network, time: Time, takes: Callable[[], float]) -> FarTools:
        return _CalledSafe(network, time, takes)


class Unguarded(Ways):
    def queue(self, network: Network, time: Time, deliver: Callable[[Job, float], None]) -> FarQueue:
        return _Unguarded(network, deliver)


class Shortsighted(Ways):
    lonely = 1.0

    def queue(self, network: Network, time: Time, deliver: Callable[[Job, float], None]) -> FarQueue:
        return _Shortsighted(network, deliver)


class Deaf(Ways):
    def services(self, around: Surroundings, clock: Clock) -> Services:
        services = super().services(around, clock)
        services.interrupts = _NotInterrupting(services.sessions, around.queue, clock, services.timings)
        return services


@pytest.mark.parametrize(
    ("ways", "words"),
    [
        (Unfenced(), "follows"),
        (Forgetful(), "follows|covers|instead of|history says"),
        (Careless(), "never recorded|was received 2 times"),
        (Unguarded(), "work lies"),
        (Shortsighted(), "work lies"),
        (Deaf(), "goes on after an interrupt"),
    ],
    ids=lambda given: type(given).__name__ if isinstance(given, Ways) else "",
)
def test_what_is_broken_is_found(ways: Ways, words: str) -> None:
    with pytest.raises(Violation, match=words):
        _run_all(ways)


def _run_all(ways: Ways) -> None:
    for seed in range(SEEDS):
        run_schedule(seed, ways)
