"""The checker sees what is wrong: each of these worlds is broken in one way, and is found out within a few seeds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from attache.clock import Clock
from attache.sessions.entries import Entry, Text
from attache.sessions.head import Lifetime
from attache.sessions.log import SessionLog
from attache.sessions.summary import Summary
from attache.sessions.table import Beside
from attache.sessions.updates import Updates
from attache.tools.tool import Toolset, ToolSpec
from attache.tools.toolsets import LaterToolset
from attache.turns.answering import Answer, apply, has_pending
from attache.turns.interrupts import Interrupts
from attache.turns.outcome_keeper import OutcomeKeeper
from attache.turns.system_messages import SystemMessages
from attache.turns.wakeups import Job
from attache.wire.sse import Event as SentEvent
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


class _Timid(FakeSessionTable):
    """Says of a summary that it does not go as far as it does."""

    async def keep_summary(self, session_id: str, summary: Summary, expires: int) -> None:
        await super().keep_summary(session_id, replace(summary, upto=summary.born), expires)


class _Presumptuous(FakeSessionTable):
    """Says of a summary that it goes as far as the log."""

    async def keep_summary(self, session_id: str, summary: Summary, expires: int) -> None:
        last = max(self._at(session_id).log)
        await super().keep_summary(session_id, replace(summary, upto=last), expires)


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


class _Blind(OutcomeKeeper):
    """Decides on what was pending when it looked first, and keeps no promise."""

    async def apply(self, session_id: str, answer: Answer) -> tuple[SessionLog, Entry]:
        log = self._sessions.log(session_id)
        await log.read()
        await log.reach_back(lambda entries: has_pending(log, entries))
        wanted = apply(answer)(log)
        beside = replace(wanted.beside, promises=())
        return log, await log.append(lambda _: replace(wanted, beside=beside))


class _Boastful(OutcomeKeeper):
    """Says that it has taken an answer, and has not."""

    async def apply(self, session_id: str, answer: Answer) -> tuple[SessionLog, Entry]:
        log = self._sessions.log(session_id)
        await log.read()
        apply(answer)(log)
        return log, log.entries[-1]


class _Stuttering(Updates):
    """Resumes one entry too early."""

    async def stream(
        self, session_id: str, last_event_id: str | None = None, deadline: int | None = None
    ) -> AsyncGenerator[SentEvent, None]:
        tag, _, number = (last_event_id or "0-0").partition(".")[0].partition("-")
        earlier = f"{tag}-{max(int(number) - 1, 0)}" if last_event_id else None
        return await super().stream(session_id, earlier, deadline)


class _Forgetful(Updates):
    """Goes on from now, whatever its client has had."""

    async def stream(
        self, session_id: str, last_event_id: str | None = None, deadline: int | None = None
    ) -> AsyncGenerator[SentEvent, None]:
        return await super().stream(session_id, None, deadline)


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


class _Unasked(Services):
    def toolset(self, tools: FarTools) -> Toolset:
        return LaterToolset(tools, ("Ship",))


class Unasked(Ways):
    def services(self, around: Surroundings, clock: Clock) -> Services:
        return _Unasked(around, clock)


class Hasty(Ways):
    """Outcomes are kept by another."""

    def __init__(self, keeper: type[OutcomeKeeper]) -> None:
        self._keeper = keeper

    def services(self, around: Surroundings, clock: Clock) -> Services:
        services = super().services(around, clock)
        services.outcomes = self._keeper(services.sessions, around.queue, around.blobs, clock, services.timings)
        services.system = SystemMessages(services.sessions, services.outcomes, clock)
        return services


class Misremembered(Ways):
    """Summaries are kept by another."""

    def __init__(self, table: type[FakeSessionTable]) -> None:
        self._table = table

    def table(self, clock: Clock) -> FakeSessionTable:
        return self._table(clock)


class Misheard(Ways):
    """Updates come from another."""

    def __init__(self, updates: type[Updates]) -> None:
        self._updates = updates

    def services(self, around: Surroundings, clock: Clock) -> Services:
        services = super().services(around, clock)
        services.updates = self._updates(services.sessions, clock)
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
        (Unasked(), "sent without approval"),
        (Hasty(_Blind), "which are not pending|were taken"),
        (Hasty(_Boastful), "was taken, and is not in the log"),
        (Misheard(_Stuttering), "updates told"),
        (Misheard(_Forgetful), "updates told"),
        (Misremembered(_Timid), "not what was said before"),
        (Misremembered(_Presumptuous), "not what was said before"),
    ],
    ids=[
        "no fence",
        "no pieces",
        "no record",
        "no guard",
        "guards give up",
        "no interrupt",
        "no approval",
        "outcomes twice",
        "outcomes lost",
        "updates twice",
        "updates lost",
        "turns told twice",
        "turns lost",
    ],
)
def test_what_is_broken_is_found(ways: Ways, words: str) -> None:
    with pytest.raises(Violation, match=words):
        _run_all(ways)


def _run_all(ways: Ways) -> None:
    for seed in range(SEEDS):
        run_schedule(seed, ways)
