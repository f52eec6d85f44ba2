from __future__ import annotations

from attache.clock import Clock
from tests.fakes.models import FakeModels, says
from tests.unit.turns.harness import House
from tests.unit.turns.test_rivals import RivalledTable


async def test_a_container_that_remembers_a_session_learns_when_a_turn_has_ended_elsewhere() -> None:
    house = House(FakeModels([says("Hi.")]))
    await house.sessions.create(house.session_id, None)
    elsewhere = house.another()
    before = await elsewhere.sessions.head(house.session_id)
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
