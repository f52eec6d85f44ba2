"""A moment in which the storage or the queue does not answer costs time, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from attache.clock import Clock
from attache.errors import Unavailable
from attache.sessions.changes import notify
from attache.sessions.entries import Entry
from attache.sessions.table import Reading
from attache.turns.wakeups import Guard, HandOver, Job, Wake
from tests.fakes.clock import FakeClock
from tests.fakes.models import FakeModels, says
from tests.fakes.session_table import FakeSessionTable
from tests.unit.turns.harness import QUICK, House, types
from tests.unit.turns.test_updates import collected, kinds, said, updates


class ThrottledTable(FakeSessionTable):
    """Refuses the next `refused` reads."""

    refused = 0

    async def newest(self, *where: Any, **more: Any) -> Reading:
        self._refuse()
        return await super().newest(*where, **more)

    async def since(self, *where: Any, **more: Any) -> Sequence[Entry]:
        self._refuse()
        return await super().since(*where, **more)

    def _refuse(self) -> None:
        if self.refused:
            self.refused -= 1
            raise Unavailable("The session storage is busy; try again in a moment.")


@pytest.fixture
def table() -> ThrottledTable:
    return ThrottledTable(Clock())


async def test_a_channel_outlives_a_look_that_fails(table: ThrottledTable) -> None:
    house = House(FakeModels([says("one ", 0.06, "two")]), table=table)
    await house.sessions.create(house.session_id, None)
    watching = asyncio.create_task(collected(await updates(house.another()).stream(house.session_id)))
    await asyncio.sleep(0)
    table.refused = 3
    await asyncio.sleep(0.1)
    await house.stream("Hi")
    events = await watching
    assert kinds(events)[-2:] == ["complete", "state_changed"]
    assert said(events) == "one two"


@pytest.mark.parametrize(
    ("job", "later"),
    [
        (Wake(session_id="s"), Wake(session_id="s")),
        (Guard(session_id="s", runner="r"), Guard(session_id="s", runner="r")),
        (HandOver(session_id="s", runner="r"), Guard(session_id="s", runner="r")),
    ],
)
async def test_a_job_that_cannot_be_done_now_is_done_soon(table: ThrottledTable, job: Job, later: Job) -> None:
    house = House(FakeModels(), table=table)
    table.refused = 1
    await house.worker.handle(job)
    assert house.wakeups.sent == [(later, QUICK.again)]


async def test_an_accepted_message_is_not_called_refused_for_a_look_that_fails(table: ThrottledTable) -> None:
    house = House(FakeModels([says("Hi.")]), table=table)

    async def throttled() -> None:
        await asyncio.sleep(0.05)
        table.refused = 1

    asking = asyncio.create_task(house.chats.answer(house.request(), 0.3))
    await throttled()
    snapshot = await asking
    assert [message["content"] for message in snapshot["messages"]] == ["Hello"]


class NothingDelivered(FakeSessionTable):
    """Stores everything but that system events were delivered."""

    async def put(self, session_id: str, entry: Entry, *more: Any) -> None:
        if entry.kind == "delivered":
            raise Unavailable("The session storage is busy; try again in a moment.")
        await super().put(session_id, entry, *more)


async def test_an_accepted_message_is_not_called_refused_for_events_that_cannot_be_delivered() -> None:
    clock = FakeClock()
    house = House(FakeModels([says("Hi.")]), table=NothingDelivered(clock), clock=clock)
    await house.sessions.create(house.session_id, None)
    await (await house.log()).append(notify("It will be slow today."))
    snapshot = await house.chats.answer(house.request(), 0)
    assert [message["content"] for message in snapshot["messages"]] == ["Hello"]
    assert snapshot["system_events"] == []
    assert await house.sessions.events(house.session_id, 5) == [{"SystemNotice": "It will be slow today."}]


async def test_a_waiting_stream_outlives_a_look_that_fails(table: ThrottledTable) -> None:
    house = House(FakeModels([says("one", 0.5), says("two")]), table=table)
    first = asyncio.create_task(house.stream("1"))
    await asyncio.sleep(0.05)
    elsewhere = house.another(models=FakeModels([says("two")]))
    second = asyncio.create_task(elsewhere.stream("2"))
    await asyncio.sleep(0.05)
    table.refused = 1
    assert types(await second)[-1] == "complete"
    await first
