"""Calls that wait for the user's wallet, and what comes of them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from attache.errors import BadInput
from attache.sessions.entries import Entry, Interrupt, results_of
from attache.sessions.head import Lifetime
from attache.sessions.log import Wanted
from attache.sessions.table import Beside
from attache.tools.toolsets import LaterToolset
from attache.turns.answering import Answer, NothingPending
from attache.turns.wakeups import Guard, Wake
from tests.fakes.models import FakeModels, asks, says
from tests.fakes.toolset import FakeToolset, answers
from tests.unit.turns.asking import DATA, ME, PAY, SIGN, TO, asked, house, outcomes_of, state_of
from tests.unit.turns.harness import QUICK, House


async def test_a_transaction_is_asked_for_and_kept() -> None:
    made = await asked(PAY)
    snapshot = await made.snapshot()
    call = {"to": TO, "value": "5", "description": "Pay the shop", "chain_id": 1}
    event = {"InlineCall": {"type": "wallet_tx_request", "payload": {"tx_ids": [1], **call}}}
    assert snapshot["system_events"] == [event]
    assert snapshot["user_state"]["pending_txs"] == {"1": {**call, "from": ME, "label": "Pay the shop"}}
    assert snapshot["user_state"]["next_id"] == 2
    assert snapshot["is_processing"] is False
    assert (await made.snapshot())["system_events"] == [], "an event is delivered once"
    assert await made.sessions.events(made.session_id, 10) == [event]
    tool = next(message for message in snapshot["messages"] if message["tool_result"])
    assert json.loads(tool["tool_result"][1])["outcome"] == "pending"


async def test_one_counter_numbers_transactions_and_signatures() -> None:
    made = await asked(PAY, SIGN)
    state = await state_of(made)
    assert sorted([*state["pending_txs"], *state["pending_eip712s"]]) == ["1", "2"]
    (number,) = state["pending_eip712s"]
    assert state["pending_eip712s"][number] == {"typed_data": DATA, "description": "Sign the order", "chain_id": 137}
    assert state["next_id"] == 3
    events = [event["InlineCall"] for event in await made.sessions.events(made.session_id, 10)]
    signature = next(event["payload"] for event in events if event["type"] == "wallet_eip712_request")
    assert signature == {"pending_eip712_id": int(number), "typed_data": DATA, "description": "Sign the order"}


async def test_an_outcome_is_told_in_a_turn_of_its_own() -> None:
    made = await asked(PAY, after=(says("It went through."),))
    made.wakeups.sent.clear()
    told = await made.post("wallet:tx_complete", status="success", txHash="0xbeef", pending_tx_ids=[1], gas=3)
    assert told is not None
    assert json.loads(told["tool_result"][1]) == {
        "status": "success", "txHash": "0xbeef", "pending_tx_ids": [1], "gas": 3,
    }  # fmt: skip
    snapshot = await made.snapshot()
    assert (snapshot["is_processing"], snapshot["user_state"]["pending_txs"]) == (True, {})
    assert snapshot["user_state"]["next_id"] == 2
    assert [type(job) for job, _ in made.wakeups.sent] == [Guard, Wake]
    await made.work(Wake)
    snapshot = await made.snapshot()
    assert snapshot["messages"][-1]["content"] == "It went through."
    assert snapshot["is_processing"] is False
    note = made.models.requests[-1].messages[-1]["content"]
    assert "(ok)" in note
    assert "0xbeef" in note
    assert {row.key_id for row in made.usage.rows} == {"k"}, "what follows is on the account of who asked"


@pytest.mark.parametrize("sent", [{}, {"pending_tx_ids": []}, {"pending_tx_ids": [1]}, {"pending_tx_ids": ["1", 9]}])
async def test_an_id_left_out_is_that_of_the_only_request(sent: dict[str, Any]) -> None:
    made = await asked(PAY, SIGN)
    await made.post("wallet:tx_complete", status="failed", error="The user said no", **sent)
    assert (await state_of(made))["pending_txs"] == {}
    assert await outcomes_of(made, "outcome") == ["error"]


async def test_several_transactions_are_answered_at_once_and_told_once() -> None:
    made = await asked(PAY, PAY, after=(says("Both went through."),))
    with pytest.raises(BadInput, match="Several"):
        await made.post("wallet:tx_complete", status="success")
    await made.post("wallet:tx_complete", status="success", pending_tx_ids=[2, 1])
    await made.work(Wake)
    snapshot = await made.snapshot()
    assert snapshot["user_state"]["pending_txs"] == {}
    assert len([message for message in snapshot["messages"] if message["tool_result"]]) == 4
    assert snapshot["messages"][-1]["content"] == "Both went through."


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("wallet:tx_complete", {"status": "success", "pending_tx_ids": [2]}),
        ("wallet:tx_complete", {"status": "success", "pending_tx_ids": [True]}),
        ("wallet:tx_complete", {"status": "success", "pending_tx_ids": [10**20]}),
        ("wallet:tx_complete", {"status": "success", "pending_tx_ids": 1}),
        ("wallet:tx_complete", {"status": "maybe", "pending_tx_ids": [1]}),
        ("wallet:tx_complete", {"pending_tx_ids": [1]}),
        ("wallet_eip712_response", {"status": "success", "pending_eip712_id": 1}),
        ("wallet_eip712_response", {"status": "success"}),
        ("tool_approval_response", {"approved": True}),
        ("tool_approval_response", {"approved": "yes", "request_id": "x"}),
        ("tool_approval_response", {"approved": True, "request_id": 1}),
    ],
)
async def test_what_answers_nothing_pending_is_refused(kind: str, payload: dict[str, Any]) -> None:
    made = await asked(PAY)
    kinds = await made.kinds()
    made.wakeups.sent.clear()
    with pytest.raises(BadInput):
        await made.post(kind, **payload)
    assert await made.kinds() == kinds
    assert made.wakeups.sent == []


async def test_an_outcome_is_applied_once() -> None:
    made = await asked(SIGN)

    async def post(house: House) -> bool:
        try:
            await house.post("wallet_eip712_response", status="success", signature="0x1", pending_eip712_id=1)
        except BadInput:
            return False
        return True

    assert sum(await asyncio.gather(*(post(made.another()) for _ in range(8)))) == 1
    assert (await made.kinds()).count("outcome") == 1


async def test_a_long_answer_of_the_wallets_is_kept_as_it_is() -> None:
    made = await asked(PAY, PAY)
    logs = [f"log {number}: " + "x" * 400 for number in range(60)]
    answer = {"status": "success", "pending_tx_ids": [1, 2], "logs": logs}
    await made.post("wallet:tx_complete", **answer)
    shown = [m["tool_result"][1] for m in (await made.snapshot())["messages"] if m["tool_result"]]
    assert [json.loads(each) for each in shown[2:]] == [answer, answer]
    assert all("pending" in each for each in shown[:2])
    entry = (await made.log()).entries[-1]
    assert all(len(result.text) < 16_100 for result in results_of(entry.body))


async def test_two_outcomes_at_once_are_both_kept() -> None:
    made = await asked(PAY, PAY, after=(says("One."), says("Two.")))
    await asyncio.gather(
        *(
            made.another().post("wallet:tx_complete", status="success", txHash=f"0x{number}", pending_tx_ids=[number])
            for number in (1, 2)
        )
    )
    assert (await state_of(made))["pending_txs"] == {}
    for _ in range(2):
        await made.work(Wake)
    assert [message["content"] for message in (await made.snapshot())["messages"]][-3:] == ["One.", "", "Two."]


async def test_an_outcome_while_a_turn_runs_waits_for_its_end() -> None:
    going_on = asyncio.Event()
    made = await asked(PAY, after=(says("Meanwhile.", going_on), says("Paid.")))
    events = await made.chats.stream(made.request("And now?"))
    assert (await made.log()).view.running is not None
    await made.another().post("wallet:tx_complete", status="success", txHash="0x1")
    going_on.set()
    assert "async_tool_result" in [event.data["type"] async for event in events if event.data]
    await made.work(Wake)
    assert [m["content"] for m in (await made.snapshot())["messages"]][-3:] == ["Meanwhile.", "", "Paid."]


async def test_what_is_pending_outlives_turns_and_other_containers() -> None:
    made = await asked(PAY, after=tuple(says("Fine.") for _ in range(3)))
    for _ in range(2):
        await made.stream("How are you?", user_state={"address": ME, "pending_txs": {}, "next_id": 1})
    fresh = made.another()
    assert "1" in (await state_of(fresh))["pending_txs"]
    await fresh.post("wallet:tx_complete", status="success")
    assert (await fresh.snapshot())["is_processing"] is True


async def test_an_outcome_of_a_deleted_session_is_nothing() -> None:
    made = await asked(PAY)
    await made.sessions.delete(made.session_id)
    with pytest.raises(NothingPending):
        await made.another().post("wallet:tx_complete", status="success", pending_tx_ids=[1])
    await made.another().post("wallet:state_changed", chain_id=1)
    with pytest.raises(NothingPending):
        await made.another().post("wallet:tx_complete", status="success", pending_tx_ids=[1])


async def test_no_wallet_no_request() -> None:
    made = house(asks(PAY), says("Connect one."))
    await made.stream("Pay", user_state={"is_connected": False, "chain_id": 1})
    assert "pending_txs" not in await state_of(made)
    assert await outcomes_of(made, "result") == ["error"]
    assert "No wallet is connected" in made.models.requests[1].messages[-1]["content"]


async def test_an_outcome_is_found_however_long_ago_it_was_asked_for() -> None:
    made = await asked(PAY, after=tuple(says("Fine.", 0.03, "Fine.", 0.03, "Fine.") for _ in range(30)))
    for _ in range(30):
        await made.stream("How are you?")
    fresh = made.another()
    log = fresh.sessions.log(fresh.session_id)
    await log.read()
    assert log.entries[0].number > 4, "it is not at hand at first"
    await fresh.outcomes.apply(fresh.session_id, Answer("wallet_tx", ("1",), "ok", "{}"))
    assert (await state_of(fresh))["pending_txs"] == {}


async def test_an_outcome_that_comes_while_an_interrupt_is_answered_waits_for_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    later = LaterToolset(FakeToolset({"Ship": answers("{}")}, unsafe=["Ship"]), ["Ship"])
    script = [asks(("Ship", "{}")), says("It goes on."), says("Hello", asyncio.Event()), says("It arrived.")]
    made = House(FakeModels(script), later, timings=replace(QUICK, clocks=0.3))
    await made.stream("Ship it")
    (start,) = made.tool_jobs.take()
    running = await made.chats.stream(made.request("And now?"))
    outcome = Answer("steps", (start.call_id,), "ok", '{"arrived": true}')
    table, interrupted = made.table, asyncio.Event()
    assert table is not None
    put = table.put

    async def put_and_tell(session_id: str, entry: Entry, beside: Beside, lifetime: Lifetime) -> None:
        await put(session_id, entry, beside, lifetime)
        if entry.kind == "interrupt":
            interrupted.set()

    monkeypatch.setattr(table, "put", put_and_tell)
    interrupting = asyncio.create_task(made.another().interrupts.interrupt(made.session_id))
    await interrupted.wait()
    arriving = asyncio.create_task(made.another().outcomes.apply(made.session_id, outcome))
    answer = await interrupting
    assert (answer["interrupted"], answer["is_processing"]) == (True, False)
    assert not arriving.done()
    await arriving
    assert [event.data async for event in running if event.data][-1]["status"] == "interrupted"
    assert (await made.snapshot())["is_processing"] is True
    await made.work(Wake)
    assert (await made.snapshot())["messages"][-1]["content"] == "It arrived."


async def test_what_the_client_itself_posts_while_it_interrupts_is_taken_at_once() -> None:
    made = await asked(PAY, after=(says("Hello", asyncio.Event()), says("Paid.")))
    running = await made.chats.stream(made.request("And now?"))
    await (await made.log()).append(lambda _: Wanted(Interrupt()))
    await made.another().post("wallet:tx_complete", status="success", txHash="0x1")
    assert (await made.snapshot())["is_processing"] is True
    assert [event.data async for event in running if event.data][-1]["status"] == "interrupted"
    await made.work(Wake)
    snapshot = await made.snapshot()
    assert (snapshot["messages"][-1]["content"], snapshot["is_processing"]) == ("Paid.", False)
