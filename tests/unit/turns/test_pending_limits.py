"""How much may be pending in a session, and for how long."""

from __future__ import annotations

import pytest

from attache.sessions.head import DAY
from attache.turns.answering import NothingPending
from tests.fakes.clock import FakeClock
from tests.fakes.models import asks, says
from tests.unit.turns.asking import ME, PAY, SIGN, asked, house, state_of


async def test_there_is_an_end_to_what_may_be_pending() -> None:
    many = [asks(*[PAY] * 12), says("."), asks(*[PAY] * 12), says(".")]
    made = house(*many)
    for _ in range(2):
        await made.stream("Pay", user_state={"address": ME, "chain_id": 1})
    assert len((await state_of(made))["pending_txs"]) == 20


async def test_what_was_asked_of_the_wallet_goes_when_it_expires() -> None:
    clock = FakeClock()
    script = (asks(PAY, PAY), says("Two more."), *(says("Fine.") for _ in range(3)), asks(PAY, SIGN), says("Look."))
    made = await asked(SIGN, after=script, clock=clock)
    clock.forward(45 * DAY)
    await made.stream("And these")
    for _ in range(3):
        clock.forward(16 * DAY)
        await made.another().stream("How are you?")
    fresh = made.another()
    state = await state_of(fresh)
    assert (state["pending_eip712s"], sorted(state["pending_txs"])) == ({}, ["2", "3"]), "the first is 93 days old"
    assert '"1"' not in str(fresh.models.requests[-1].messages[0])
    assert "pending_since" not in str([state, fresh.models.requests[-1].messages])
    with pytest.raises(NothingPending):
        await fresh.post("wallet_eip712_response", status="success", pending_eip712_id=1)
    await fresh.stream("And these")
    state = await state_of(made.another())
    assert (sorted(state["pending_eip712s"]), sorted(state["pending_txs"]), state["next_id"]) == (
        ["5"],
        ["2", "3", "4"],
        6,
    )
    await fresh.post("wallet_eip712_response", status="success")
    assert (await state_of(fresh))["pending_eip712s"] == {}, "it is the only one"


async def test_what_has_expired_unanswered_leaves_room_for_more() -> None:
    clock = FakeClock()
    made = await asked(*[PAY] * 12, after=(asks(*[PAY] * 8), says("."), says("."), asks(PAY), says(".")), clock=clock)
    await made.stream("More")
    assert len((await state_of(made))["pending_txs"]) == 20
    clock.forward(50 * DAY)
    await made.another().stream("How are you?")
    clock.forward(50 * DAY)
    fresh = made.another()
    await fresh.stream("One more")
    assert list((await state_of(fresh))["pending_txs"]) == ["21"]
    assert (await fresh.log()).view.pending == (await fresh.log()).view.pending[-1:]
