"""What a session keeps beside its log does not expire while the session is in use."""

from __future__ import annotations

from attache.sessions.head import DAY
from tests.fakes.clock import FakeClock
from tests.fakes.models import FakeModels, says
from tests.fakes.session_table import FakeSessionTable
from tests.unit.turns.harness import APP, House
from tests.unit.turns.summarised import asked, chat, names, summary
from tests.unit.turns.summarised import house as summarised

WALLET = {"address": "0xabc", "chain_id": 1, "is_connected": True}
WEEK = 7 * DAY


async def talked(apart: int, times: int) -> House:
    """A session whose client said once what its wallet is, and whose user then comes again every `apart` seconds."""
    clock = FakeClock()
    house = House(FakeModels(lambda _: says("Hi.")), clock=clock, table=FakeSessionTable(clock))
    await house.stream(user_state=WALLET)
    for _ in range(times):
        clock.forward(apart)
        await house.another().stream()
    return house


def renewals(house: House) -> int:
    assert isinstance(house.table, FakeSessionTable)
    return house.table.renewals


async def test_the_user_state_of_a_session_in_use_stays() -> None:
    house = await talked(30 * DAY, 7)
    state = (await house.log()).user_state
    assert state is not None
    assert state["address"] == "0xabc"
    assert "0xabc" in str(house.models.requests[-1].messages[0])


async def test_it_stays_as_long_as_the_entries_of_the_last_turn() -> None:
    house = await talked(30 * DAY, 1)
    assert isinstance(house.clock, FakeClock)
    house.clock.forward(APP.retention_days * DAY - 1)
    assert (await house.log()).user_state is not None
    house.clock.forward(WEEK + 2)
    assert (await house.log()).head is None


async def test_it_is_written_once_a_week_at_most() -> None:
    assert renewals(await talked(DAY, 6)) == 0
    assert renewals(await talked(DAY, 28)) in (3, 4)


async def test_a_state_that_changes_needs_no_renewal() -> None:
    house = await talked(0, 0)
    for chain_id in range(2, 32):
        assert isinstance(house.clock, FakeClock)
        house.clock.forward(DAY)
        await house.another().stream(user_state={**WALLET, "chain_id": chain_id})
    assert renewals(house) == 0


async def test_the_summary_of_a_session_in_use_stays() -> None:
    clock = FakeClock()
    shop = summarised(clock=clock)
    await chat(shop, 1, 4)
    made = await summary(shop)
    assert made is not None
    for number in range(5, 10):
        clock.forward(50 * DAY)
        await chat(shop, number, number)
    assert await summary(shop) == made, "no other one was made"
    assert names(asked(shop)[-1])[:2] == ["m1", "m2"]
