"""An answer that a limit cuts is kept, and the user is told so, once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from attache.models.model import Limit
from attache.turns.asking import CUT, MOST_CHARACTERS
from attache.turns.wakeups import Guard
from tests.fakes.models import FakeModels, Says, says
from tests.fakes.session_table import FakeSessionTable
from tests.unit.turns.harness import House, types
from tests.unit.turns.test_recovery import dead, died
from tests.unit.turns.test_updates import collected, kinds, updates

AT: dict[Limit, Says] = {
    "tokens": says("And so on and", truncated="tokens"),
    "characters": says("a" * MOST_CHARACTERS, "b", "c"),
}
LIMITS = pytest.mark.parametrize("limit", AT)


def notice(limit: Limit) -> dict[str, str]:
    return {"SystemNotice": CUT[limit]}


@LIMITS
async def test_the_user_is_told_once_what_cut_it_and_what_to_do(limit: Limit) -> None:
    house = House(FakeModels([AT[limit]]))
    events = await house.stream("Tell me all")
    assert (types(events)[-1], events[-1][1]) == ("complete", {**dict(events[-1][1] or {}), "status": "done"})
    first, second = await house.snapshot(), await house.snapshot()
    assert (first["system_events"], second["system_events"]) == ([notice(limit)], [])
    assert await house.sessions.events(house.session_id, 9) == [notice(limit)]
    assert "Ask to go on" in CUT[limit]
    assert {"tokens": "limit of tokens", "characters": "60,000 characters"}[limit] in CUT[limit]


@LIMITS
async def test_what_was_said_stands(limit: Limit) -> None:
    house = House(FakeModels([AT[limit]]))
    await house.stream("Tell me all")
    kept = (await house.snapshot())["messages"][-1]["content"]
    assert kept == {"tokens": "And so on and", "characters": "a" * MOST_CHARACTERS + "b"}[limit]


@LIMITS
async def test_updates_tell_it_behind_the_end(limit: Limit) -> None:
    house = House(FakeModels([AT[limit]]))
    await house.sessions.create(house.session_id, None)
    watching = asyncio.create_task(collected(await updates(house.another()).stream(house.session_id)))
    await house.stream("Tell me all")
    events = await watching
    assert kinds(events)[-3:] == ["complete", "system_notice", "state_changed"]
    told = [event.data for event in events if event.data is not None and event.data["type"] == "system_notice"]
    assert told == [{"type": "system_notice", "message": CUT[limit], "session_id": house.session_id}]


async def test_a_cut_turn_writes_what_a_whole_one_writes() -> None:
    assert await _puts(AT["tokens"]) == await _puts(says("And so on and")) == 2


async def _puts(answer: Says) -> int:
    house = House(FakeModels([answer]))
    await house.stream("Tell me all")
    assert isinstance(house.table, FakeSessionTable)
    return house.table.puts


@LIMITS
async def test_the_model_knows_it_in_the_next_turn(limit: Limit) -> None:
    house = House(FakeModels([AT[limit], says("and on.")]))
    await house.stream("Tell me all")
    await house.stream("Go on")
    said = [message["content"] for message in house.models.requests[-1].messages[-3:]]
    assert (said[0][-1], said[2]) == ({"tokens": "d", "characters": "b"}[limit], "Go on")
    assert said[1].startswith("[Note from the system: your answer ends here")
    assert CUT[limit] in said[1]


async def test_a_turn_that_another_runner_goes_on_with_tells_it_once() -> None:
    house = House(FakeModels([says("So far ", 0.05, "and ", 60), says("no further", truncated="tokens")]))
    await died(house, after=0.2)
    await dead(house)
    guards, other = house.wakeups.take(Guard), house.another()
    for guard in guards * 2:
        await other.worker.handle(guard)
    assert await _told(other) == [notice("tokens")]


async def test_a_turn_that_another_runner_brings_to_its_end_tells_nothing() -> None:
    house = House(FakeModels([says("So far ", 0.05, "and ", 60, truncated="tokens"), says("on.")]))
    await died(house, after=0.2)
    await dead(house)
    other = house.another()
    await other.work(Guard)
    assert await _told(other) == []


async def _told(house: House) -> list[Any]:
    snapshots = [await house.snapshot() for _ in range(2)]
    assert not snapshots[0]["is_processing"]
    return [event for snapshot in snapshots for event in snapshot["system_events"]]
