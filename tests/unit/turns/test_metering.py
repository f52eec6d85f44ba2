"""What is counted of a turn; and that it is written before the turn's last event."""

from __future__ import annotations

import asyncio

import pytest

from attache.models.model import ModelFailed
from attache.turns.wakeups import Guard
from tests.fakes.models import FakeModels, asks, says
from tests.fakes.toolset import FakeToolset, answers
from tests.unit.turns.harness import House, types


async def test_a_turn_is_counted_once_with_the_time_to_its_first_text() -> None:
    house = House(FakeModels([says(0.05, "a", "b")]))
    await house.stream()
    assert house.meter.of("turn") == ["done"]
    (first,) = house.meter.of("first token")
    assert isinstance(first, int)
    assert 50 <= first < 2_000
    assert house.meter.held == []


async def test_what_is_counted_is_written_before_the_last_event() -> None:
    house = House(FakeModels([says("a")]))
    events = await house.chats.stream(house.request())
    async for event in events:
        if event.data and event.data["type"] == "complete":
            break
    await house.chats.settled()
    assert house.meter.of("turn") == ["done"]


async def test_the_first_text_may_come_after_tools() -> None:
    house = House(FakeModels([asks(("Price", "{}")), says("a"), says("b")]), FakeToolset({"Price": answers("{}")}))
    await house.stream()
    assert len(house.meter.of("first token")) == 1


async def test_a_failed_turn_is_counted_as_failed() -> None:
    failure = ModelFailed("No.", code="provider_refused", retryable=False)
    house = House(FakeModels([says(failure)]))
    await house.stream()
    assert house.meter.of("turn") == ["failed"]
    assert house.meter.of("first token") == []


async def test_an_interrupted_turn_is_counted_as_interrupted() -> None:
    house = House(FakeModels([says("a", asyncio.Event())]))
    running = asyncio.create_task(house.stream())
    await asyncio.sleep(0.1)
    await house.another().interrupts.interrupt(house.session_id)
    assert types(await running)[-1] == "complete"
    assert house.meter.of("turn") == ["interrupted"]


@pytest.mark.parametrize("guards", [1, 2])
async def test_a_dead_runner_is_counted_when_it_is_found(guards: int) -> None:
    house = House(FakeModels([says("a", 60), says("b")]))
    reading = asyncio.create_task(house.stream())
    await asyncio.sleep(0.1)
    serving = list(house.chats._serving)
    for task in (*serving, reading):
        task.cancel()
    await asyncio.gather(*serving, reading, return_exceptions=True)
    await asyncio.sleep(house.timings.dead + 0.05)
    (guard,) = house.wakeups.take(Guard)
    for _ in range(guards):
        await house.another().worker.handle(guard)
    assert house.meter.of("dead runner") == [None]
    assert house.meter.of("turn") == ["done"]
    assert len(house.meter.of("first token")) == 1
