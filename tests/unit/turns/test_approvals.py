"""Calls that wait for approval: sent once it is given, and never otherwise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from attache.clock import Clock
from attache.errors import BadInput
from attache.sessions.events import update_events
from attache.sessions.log import Wanted
from attache.sessions.view import fold
from attache.tools.tool import ToolCall, ToolResult
from attache.turns.taking import take_first
from attache.turns.wakeups import Guard, Wake
from attache.turns.withdrawing import interrupt
from attache.wire.sse import Event
from tests.fakes.models import asks, says
from tests.fakes.toolset import FakeToolset
from tests.unit.turns.asking import TRADE, asked, outcomes_of
from tests.unit.turns.harness import House
from tests.unit.turns.test_rivals import RivalledTable


class Trades(FakeToolset):
    """A trade that says under which call it came."""

    def __init__(self) -> None:
        async def trade(call: ToolCall) -> ToolResult:
            return ToolResult("ok", json.dumps({"under": call.call_id}))

        super().__init__({"Trade": trade}, unsafe=["Trade"])


async def test_nothing_is_sent_before_it_is_approved_and_then_once() -> None:
    trades = Trades()
    made = await asked(TRADE, after=(says("Traded."),), trade=trades)
    assert trades.ran == []
    assert "call" not in await made.kinds()
    snapshot = await made.snapshot()
    (event,) = snapshot["system_events"]
    request = event["InlineCall"]["payload"]
    assert event["InlineCall"]["type"] == "tool_approval_request"
    assert (request["name"], request["args"]) == ("Trade", {"symbol": "ETH"})

    later = made.another()
    answer = {"request_id": request["request_id"], "approved": True, "comment": "go on"}
    await later.post("tool_approval_response", **answer)
    with pytest.raises(BadInput):
        await later.post("tool_approval_response", **answer)
    assert trades.ran == []
    await later.work(Wake)
    assert [call.call_id for call in trades.ran] == [request["request_id"]], "its own id is the Idempotency-Key"
    assert (await made.kinds())[-6:] == ["outcome", "turn", "agent", "call", "result", "end"]
    snapshot = await later.snapshot()
    assert [message["content"] for message in snapshot["messages"]][-1] == "Traded."
    assert json.loads(snapshot["messages"][-2]["tool_result"][1]) == {"under": request["request_id"]}
    said = later.models.requests[-1].messages
    ids = [call["id"] for message in said for call in message.get("tool_calls") or ()]
    assert len(ids) == len(set(ids)) == 2
    assert [message["tool_call_id"] for message in said if message["role"] == "tool"] == ids
    assert any("go on" in str(message["content"]) for message in said)


async def test_what_an_approved_call_came_to_does_not_stand_where_it_was_asked_for() -> None:
    async def trade(call: ToolCall) -> ToolResult:
        return ToolResult("ok", "a part", whole="x" * 20_000)

    made = await asked(TRADE, after=(says("Traded."),), trade=FakeToolset({"Trade": trade}, unsafe=["Trade"]))
    await made.post("tool_approval_response", approved=True)
    await made.work(Wake)
    asked_for, came = [m["tool_result"][1] for m in (await made.snapshot())["messages"] if m["tool_result"]]
    assert json.loads(asked_for)["outcome"] == "pending"
    assert came == "x" * 20_000


async def test_what_is_rejected_is_never_sent() -> None:
    trades = Trades()
    made = await asked(TRADE, after=(says("Then not."),), trade=trades)
    await made.post("tool_approval_response", approved=False, comment="too dear")
    await made.work(Wake)
    assert trades.ran == []
    assert (await made.snapshot())["messages"][-1]["content"] == "Then not."
    note = made.models.requests[-1].messages[-1]["content"]
    assert "(rejected)" in note
    assert "too dear" in note


async def test_an_approval_that_is_interrupted_before_its_turn_runs_nothing() -> None:
    trades = Trades()
    made = await asked(TRADE, after=(says("Hello."),), trade=trades)
    await made.post("tool_approval_response", approved=True)
    (request,) = await requests_of(made)
    answer = await made.interrupts.interrupt(made.session_id)
    assert (answer["interrupted"], answer["is_processing"]) == (True, False)
    name, told = answer["messages"][-1]["tool_result"]
    assert (name, json.loads(told)["outcome"]) == ("Trade", "interrupted")
    assert await told_of_interrupt(made) == ["async_tool_result", "tool_complete", "state_changed"]
    await made.work(Wake)
    assert trades.ran == []
    for approved in (True, False):
        with pytest.raises(BadInput, match="withdrawn when the user interrupted"):
            await made.another().post("tool_approval_response", request_id=request, approved=approved)
    await made.stream("Well?")
    assert trades.ran == []
    assert (await made.snapshot())["messages"][-3] == answer["messages"][-1]


async def stopped_by_its_runner(made: House) -> None:
    async def interrupts() -> None:
        log = await made.log()
        await log.append(lambda log: Wanted(interrupt(log)))

    assert isinstance(made.table, RivalledTable)
    made.table.rival = ("agent", interrupts)
    await made.work(Wake)


async def stopped_without_its_runner(made: House) -> None:
    log = await made.log()
    await log.append(take_first)
    await made.interrupts.interrupt(made.session_id)


async def given_up(made: House) -> None:
    await made.another(app=made.app.model_copy(update={"name": "another"})).work(Wake)


@pytest.mark.parametrize("ends", [stopped_by_its_runner, stopped_without_its_runner, given_up])
async def test_an_approved_call_whose_turn_ends_before_its_first_step_was_not_started(
    ends: Callable[[House], Awaitable[None]],
) -> None:
    trades = Trades()
    made = await asked(TRADE, after=(says("Hello."),), trade=trades, table=RivalledTable(Clock()))
    await made.post("tool_approval_response", approved=True)
    (request,) = await requests_of(made)
    await ends(made)
    results = [m["tool_result"] for m in (await made.snapshot())["messages"] if m["tool_result"]]
    assert [(name, json.loads(told)["outcome"]) for name, told in results] == [
        ("Trade", "pending"), ("Trade", "not_started"),
    ]  # fmt: skip
    log = await made.log()
    end = [entry for entry in log.entries if entry.kind == "end"][-1]
    told = update_events(log.living, end, fold(entry for entry in log.entries if entry.number < end.number), 0)
    assert [event["call_id"] for event in told if event["type"] == "tool_complete"] == [request]
    await made.another().stream("Well?")
    said = made.models.requests[-1].messages
    assert [json.loads(m["content"])["outcome"] for m in said if m["role"] == "tool"] == ["pending", "not_started"]
    ids = [call["id"] for message in said for call in message.get("tool_calls") or ()]
    assert [message["tool_call_id"] for message in said if message["role"] == "tool"] == ids
    assert trades.ran == []


async def requests_of(house: House) -> list[str]:
    """The ids of the approvals that were asked for."""
    events = await house.sessions.events(house.session_id, 10)
    return [event["InlineCall"]["payload"]["request_id"] for event in events]


async def told_of_interrupt(house: House) -> list[str]:
    """The types of the updates that an interrupt brings."""
    log = await house.log()
    (entry,) = [each for each in log.entries if each.kind == "interrupt"]
    before = fold(each for each in log.entries if each.number < entry.number)
    return [event["type"] for event in update_events(log.living, entry, before, 0)]


async def test_the_approval_that_an_interrupted_turn_asked_for_is_void_and_an_earlier_one_is_not() -> None:
    trades, going_on = Trades(), asyncio.Event()
    made = await asked(TRADE, after=(asks(TRADE), says("Look", going_on), says("Well."), says("Done.")), trade=trades)
    events = await made.chats.stream(made.request("And another one"))
    heard = [event.data async for event in _until_text(events) if event.data]
    earlier, later = await requests_of(made)
    answer = await made.another().interrupts.interrupt(made.session_id)
    assert answer["is_processing"] is False
    results = [json.loads(m["tool_result"][1])["outcome"] for m in answer["messages"] if m["tool_result"]]
    assert results == ["pending", "pending", "interrupted"]
    assert await told_of_interrupt(made) == ["async_tool_result", "tool_complete"]
    heard += [event.data async for event in events if event.data]
    (called_off,) = [event for event in heard if event["type"] == "async_tool_result"]
    assert (called_off["call_id"], called_off["result"]["outcome"]) == (later, "interrupted")
    assert (heard[-1]["type"], heard[-1]["status"]) == ("complete", "interrupted")

    fresh = made.another()
    with pytest.raises(BadInput, match="withdrawn when the user interrupted"):
        await fresh.post("tool_approval_response", request_id=later, approved=True)
    await fresh.stream("Well?")
    said = fresh.models.requests[-1].messages
    outcomes = [json.loads(message["content"])["outcome"] for message in said if message["role"] == "tool"]
    assert outcomes == ["pending", "interrupted"], "the model is told, too"
    await fresh.post("tool_approval_response", approved=True)
    await fresh.work(Wake)
    assert [call.call_id for call in trades.ran] == [earlier], "it was the only one"


async def _until_text(events: AsyncIterator[Event]) -> AsyncIterator[Event]:
    async for event in events:
        yield event
        if event.data and event.data["type"] == "text":
            return


async def test_a_runner_that_dies_in_an_approved_call_leaves_its_outcome_unknown() -> None:
    sent, hangs = asyncio.Event(), asyncio.Event()

    async def trade(call: ToolCall) -> ToolResult:
        sent.set()
        await hangs.wait()
        return ToolResult("ok", "{}")

    trades = FakeToolset({"Trade": trade}, unsafe=["Trade"])
    made = await asked(TRADE, after=(says("I do not know."),), trade=trades)
    await made.post("tool_approval_response", approved=True)
    dying = asyncio.create_task(made.work(Wake))
    await sent.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    await asyncio.sleep(made.timings.dead + 0.1)
    await made.another().work(Guard)
    assert len(trades.ran) == 1
    assert await outcomes_of(made, "result") == ["pending", "outcome_unknown"]
    assert (await made.snapshot())["messages"][-1]["content"] == "I do not know."
