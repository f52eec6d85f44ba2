from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from attache.clock import Clock
from attache.errors import Forbidden
from attache.sessions.entries import End, User, results_of
from attache.sessions.log import Wanted
from attache.sessions.long_results import MOST, keep_whole
from attache.sessions.table import Reading
from attache.sessions.updates import Channel, Updates
from attache.tools.tool import ToolCall, ToolResult
from tests.fakes.clock import FakeClock
from tests.fakes.models import FakeModels, asks, says
from tests.fakes.session_table import FakeSessionTable
from tests.fakes.toolset import FakeToolset
from tests.unit.turns.harness import House
from tests.unit.turns.test_rivals import RivalledTable


async def test_a_container_that_remembers_a_session_learns_when_a_turn_has_ended_elsewhere() -> None:
    house = House(FakeModels([says("Hi.")]))
    await house.sessions.create(house.session_id, None)
    elsewhere = house.another()
    before = await elsewhere.sessions.head(house.session_id)
    await house.clock.sleep(0.002)  # two times, also where all of it takes less than a millisecond
    await house.stream()
    after = await elsewhere.sessions.head(house.session_id)
    assert after.updated > before.updated
    assert after.updated == (await house.another().sessions.head(house.session_id)).updated


async def test_only_the_one_that_made_the_session_is_told_so() -> None:
    table = RivalledTable(Clock())
    house = House(FakeModels(), table=table)
    table.rival = ("event", lambda: house.another().sessions.create(house.session_id, None))
    assert not await house.sessions.choose_model(house.session_id, "shop", "claude-haiku")
    assert (await house.sessions.head(house.session_id)).model == "claude-haiku"


async def test_a_page_of_history_has_its_long_results_whole_however_many_came_since() -> None:
    async def long(call: ToolCall) -> ToolResult:
        return ToolResult("ok", "part", whole=f"whole of {call.arguments}")

    many = [("Look", f'{{"n": {number}}}') for number in range(MOST)]
    answers = [asks(("Look", '{"n": "old"}')), says("one"), asks(*many), says("two")]
    house = House(FakeModels(answers), FakeToolset({"Look": long}))
    await house.stream("1")
    await house.stream("2")
    second = [message for message in (await house.snapshot())["messages"] if message["sender"] == "user"][1]
    older = (await house.sessions.state(house.session_id, before=second["id"])).snapshot
    assert older is not None
    assert older["messages"][1]["tool_result"] == ["Look", 'whole of {"n": "old"}']


async def test_a_result_stays_what_it_is_when_a_runner_that_lost_the_turn_keeps_its_own_later() -> None:
    async def long(call: ToolCall) -> ToolResult:
        return ToolResult("ok", "part", whole="what the turn has")

    house = House(FakeModels([asks(("Look", "{}")), says("Done.")]), FakeToolset({"Look": long}))
    await house.stream()
    late = await house.log()
    [result] = [result for entry in late.entries for result in results_of(entry.body)]
    assert await keep_whole(house.blobs, late, result.call_id, "what another one got")
    snapshot = (await house.another().sessions.state(house.session_id)).snapshot
    assert snapshot is not None
    assert [each["tool_result"] for each in snapshot["messages"] if each["tool_result"]] == [
        ["Look", "what the turn has"]
    ]


async def test_system_events_are_looked_for_as_far_back_as_a_snapshot_goes() -> None:
    table = FakeSessionTable(Clock())
    house = House(FakeModels(), table=table)
    await house.sessions.create(house.session_id, None)
    log = await house.log()
    for _ in range(300):
        await log.append(lambda log: Wanted(User("x" * 30_000, runner=log.writer)))
        await log.append(lambda _: Wanted(End("done")))
    before = table.reads
    assert await house.another().sessions.events(house.session_id, 5) == []
    assert table.reads == before + 2


async def test_two_clients_that_poll_one_session_do_not_bind_it_with_every_poll() -> None:
    clock = FakeClock()
    house = House(FakeModels(), clock=clock)

    async def poll(*clients: str) -> int:
        """How many entries the polls wrote."""
        before = len(await house.kinds())
        for client_id in clients:
            await house.another().sessions.state(house.session_id, client_id=client_id)
            clock.forward(0.5)
        return len(await house.kinds()) - before

    assert await poll("one", "two") == 2
    assert await poll("one", "two", "one", "two", "one") == 0
    assert await poll("three", "one", "three") == 1
    clock.forward(60)
    assert await poll("one", "two", "one") == 1
    assert await house.sessions.client_of(house.session_id) == "one"


async def test_who_comes_back_too_late_begins_anew_and_nobody_reads_the_whole_log_for_it() -> None:
    house = House(FakeModels(lambda _: says("Hi.")))
    first = (await house.stream())[-1][0]
    await house.stream()
    late = Updates(house.another().sessions, house.clock, Channel(furthest=1))
    events = await late.stream(house.session_id, first)
    beginning = await anext(events)
    await events.aclose()
    assert beginning.data is not None
    assert beginning.data["type"] == "reset"


class LaggingTable(FakeSessionTable):
    """Shows once an older head or user state beside the newest entries, as a query may that meets a transaction."""

    older: Mapping[str, Any] | None = None

    async def newest(self, *where: Any, **more: Any) -> Reading:
        reading = await super().newest(*where, **more)
        older, self.older = self.older, None
        return reading if older is None else replace(reading, **older)


async def test_a_user_state_that_was_read_too_early_is_not_written_back() -> None:
    table = LaggingTable(Clock())
    house = House(FakeModels(), table=table)
    await house.sessions.state(house.session_id, user_state={"a": 1})
    await house.sessions.state(house.session_id, user_state={"b": 2})
    table.older = {"user_state": {"a": 1}}
    state = await house.another().sessions.state(house.session_id, user_state={"c": 3})
    assert state.snapshot is not None
    assert state.snapshot["user_state"] == {"a": 1, "b": 2, "c": 3}


async def test_a_session_moves_to_one_app_only_whatever_was_read_of_it() -> None:
    table = LaggingTable(Clock())
    house = House(FakeModels(), table=table)
    await house.sessions.choose_model(house.session_id, "default", "claude-sonnet")
    before = await house.sessions.head(house.session_id)
    await house.sessions.choose_model(house.session_id, "shop", "claude-sonnet")
    table.older = {"head": before}
    with pytest.raises(Forbidden):
        await house.another().sessions.choose_model(house.session_id, "bank", "claude-sonnet")
