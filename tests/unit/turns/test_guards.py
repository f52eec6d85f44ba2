"""Guards whose entry has yet to come."""

from __future__ import annotations

import pytest

from attache.errors import Unavailable
from attache.sessions.entries import Sign, User
from attache.sessions.log import SessionLog, Wanted, begun
from attache.sessions.table import GLANCE, Beside
from attache.turns.timings import DEFAULT
from attache.turns.wakeups import Guard
from tests.fakes.clock import FakeClock
from tests.fakes.models import FakeModels, says
from tests.unit.turns.harness import House


def house() -> House:
    return House(FakeModels([says("one"), says("two")]), clock=FakeClock(), timings=DEFAULT)


async def looks(at: House) -> list[tuple[Guard, float]]:
    """The guards that a worker sends for those that were sent."""
    sent = at.wakeups.take(Guard)
    for guard in sent:
        await at.another().worker.handle(guard)
    return [(job, delay) for job, delay in at.wakeups.sent if isinstance(job, Guard)]


async def wait(at: House, seconds: float) -> None:
    await at.clock.sleep(seconds)


async def begin(at: House) -> SessionLog:
    """A log to which a writer has appended a message that takes its turn."""
    log = at.sessions.log(at.session_id)
    user, head = User("Hi", runner=log.writer), Beside(begun(log, at.clock.now()))
    await log.append(lambda _: Wanted(user, head))
    return log


async def test_a_guard_that_does_not_find_its_entry_looks_again_ever_later() -> None:
    at = house()
    await at.wakeups.guard(at.session_id, "runner", delay=23, sent=at.clock.now())
    delays, delay = [], 23.0
    while True:
        await wait(at, delay)
        again = await looks(at)
        if not again:
            break
        delay = again[0][1]
        delays.append(delay)
    assert delays == [69.0, 276.0, 592.0]
    assert sum(delays, 23.0) == DEFAULT.longest


async def test_a_guard_whose_entry_came_late_finds_its_runner_dead() -> None:
    at = house()
    runner = at.sessions.log(at.session_id)
    await at.wakeups.guard(at.session_id, runner.writer, delay=23, sent=at.clock.now())
    await wait(at, 23)
    assert [delay for _, delay in await looks(at)] == [69.0]
    user, head = User("Hi", runner=runner.writer), Beside(begun(runner, at.clock.now()))
    await runner.append(lambda _: Wanted(user, head))
    await wait(at, 69)
    await looks(at)
    assert (await at.kinds())[-2:] == ["turn", "end"]


@pytest.mark.parametrize("later", [0, 3 * GLANCE])
async def test_a_guard_finds_its_entry_behind_whatever_came_later(later: int) -> None:
    at = house()
    sent = at.clock.now()
    await at.stream("Hi")
    runner = (await at.log()).entries[0].writer
    for _ in range(later):
        await (await at.log()).append(lambda _: Wanted(Sign()))
    at.wakeups.take(Guard)
    await at.wakeups.guard(at.session_id, runner, delay=23, sent=sent)
    await wait(at, 23)
    assert await looks(at) == []


async def test_an_entry_that_stood_before_the_guard_is_not_the_one_that_it_guards() -> None:
    at = house()
    log = await begin(at)
    await wait(at, 1)
    await at.wakeups.guard(at.session_id, log.writer, delay=23, sent=at.clock.now())
    await at.interrupts.interrupt(at.session_id)
    await wait(at, 23)
    assert len(await looks(at)) == 1


async def test_a_guard_that_is_brought_when_nothing_can_come_any_more_is_dropped() -> None:
    at = house()
    await at.wakeups.guard(at.session_id, "runner", delay=23, sent=at.clock.now())
    await wait(at, DEFAULT.longest)
    assert await looks(at) == []


async def test_a_storage_that_takes_nothing_multiplies_no_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuses(*_: object) -> None:
        raise Unavailable("Nothing is stored now.")

    at = house()
    await begin(at)
    await wait(at, 60)
    await at.wakeups.guard(at.session_id, "another", delay=0, sent=at.clock.now() - 23_000)
    with monkeypatch.context() as while_it_lasts:
        while_it_lasts.setattr(at.table, "put", refuses)
        for _ in range(6):
            [(_, delay)] = await looks(at)
            await wait(at, delay)
    await looks(at)
    assert (await at.kinds())[-2:] == ["turn", "end"]
