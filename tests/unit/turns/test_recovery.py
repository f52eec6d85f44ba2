"""What happens to a turn whose runner dies, is told to stop, or has no time left."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from attache.models.model import ModelRequest
from attache.sessions.entries import End, TurnUsage, User
from attache.sessions.events import GONE
from attache.tools.tool import ToolCall, ToolResult
from attache.turns.wakeups import Guard, HandOver, Purge, Wake
from tests.fakes.models import FakeModels, Says, asks, says
from tests.fakes.toolset import FakeToolset, answers
from tests.unit.turns.harness import APP, QUICK, House, text_of, types


async def died(house: House, message: str = "Hi", *, after: float = 0.1) -> None:
    """A runner that was killed: its tasks are gone in the middle of what they did."""
    reading = asyncio.create_task(house.stream(message))
    await asyncio.sleep(after)
    serving = list(house.chats._serving)
    for task in (*serving, reading):
        task.cancel()
    await asyncio.gather(*serving, reading, return_exceptions=True)


async def dead(house: House) -> None:
    await asyncio.sleep(house.timings.dead + 0.05)


async def test_a_guard_of_a_live_runner_sends_its_successor() -> None:
    hold = asyncio.Event()
    house = House(FakeModels([says("a", hold)]))
    running = asyncio.create_task(house.stream())
    await asyncio.sleep(0.1)
    await house.another().work(Guard)
    successors = house.wakeups.take(Guard)
    assert len(successors) == 1
    hold.set()
    assert types(await running)[-1] == "complete"


async def test_a_turn_whose_runner_died_goes_on_where_its_text_stopped() -> None:
    house = House(FakeModels([says("The price ", 0.05, "of ", 60), says("ETH is 3.")]))
    await died(house, after=0.2)
    await dead(house)
    other = house.another()
    await other.work(Guard)
    snapshot = await other.snapshot()
    assert "".join(m["content"] for m in snapshot["messages"] if m["sender"] == "agent") == "The price of ETH is 3."
    assert snapshot["is_processing"] is False
    last = house.models.requests[-1].messages
    assert [message["role"] for message in last] == ["system", "user", "assistant", "user"]
    assert last[2]["content"] == "The price of "


async def test_a_call_that_may_have_changed_something_is_not_repeated() -> None:
    sent: list[str] = []

    async def trade(call: ToolCall) -> ToolResult:
        sent.append(call.call_id)
        await asyncio.sleep(60)
        return ToolResult("ok", "{}")

    def answer(request: ModelRequest) -> Says:
        results = [m for m in request.messages if m["role"] == "tool"]
        if not results:
            return asks(("Trade", '{"n": 1}'))
        if len(results) == 1:
            return asks(("Trade", '{ "n":1 }'))
        return says("I must ask you first.")

    house = House(FakeModels(answer), FakeToolset({"Trade": trade}, unsafe=["Trade"]))
    await died(house)
    await dead(house)
    await house.another().work(Guard)
    assert len(sent) == 1
    results = [m["tool_result"][1] for m in (await house.another().snapshot())["messages"] if m["tool_result"]]
    assert [json.loads(result)["outcome"] for result in results] == ["outcome_unknown", "rejected"]


async def test_a_safe_call_runs_again() -> None:
    ran = 0

    async def price(call: ToolCall) -> ToolResult:
        nonlocal ran
        ran += 1
        if ran == 1:
            await asyncio.sleep(60)
        return ToolResult("ok", "3")

    house = House(FakeModels([asks(("Price", "{}")), says("It is 3.")]), FakeToolset({"Price": price}))
    await died(house)
    await dead(house)
    await house.another().work(Guard)
    assert ran == 2
    assert (await house.another().snapshot())["messages"][-1]["content"] == "It is 3."


async def test_a_turn_has_taken_what_all_its_runners_took() -> None:
    answers = [asks(("Price", "{}")), says("It ", 60), asks(("Price", "{}")), says("is 3."), says("bye")]
    house = House(FakeModels(answers), FakeToolset({"Price": lambda _: _price()}))
    await died(house, after=0.2)
    waits = asyncio.create_task(house.another().stream("Bye"))
    await dead(house)
    await house.another().work(Guard)
    ends = [entry.body for entry in (await house.log()).entries if isinstance(entry.body, End)]
    assert ends[0].usage == TurnUsage("claude-sonnet", 3 * 11, 3 * 7)
    await waits
    ends = [entry.body for entry in (await house.log()).entries if isinstance(entry.body, End)]
    assert ends[1].usage == TurnUsage("claude-sonnet", 11, 7)


async def test_who_ends_a_turn_for_its_runner_says_what_it_took() -> None:
    house = House(FakeModels([asks(("Price", "{}")), says("It ", 60)]), FakeToolset({"Price": lambda _: _price()}))
    await died(house, after=0.2)
    await house.another().interrupts.interrupt(house.session_id)
    end = (await house.log()).entries[-1].body
    assert isinstance(end, End)
    assert end.usage == TurnUsage("claude-sonnet", 11, 7)


async def _price() -> ToolResult:
    return ToolResult("ok", "3")


async def test_a_turn_that_kills_its_runners_is_given_up() -> None:
    house = House(FakeModels(lambda _: says(60.0)))
    await died(house)
    for _ in range(4):
        await dead(house)
        worker = house.another()
        working = asyncio.create_task(worker.work(Guard))
        await asyncio.sleep(0.05)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    log = await house.another().log()
    assert log.view.running is None
    end = log.entries[-1].body
    assert isinstance(end, End)
    assert end.status == "failed"


async def test_an_interrupt_stops_a_turn_and_keeps_what_was_said() -> None:
    house = House(FakeModels([says("So far ", 0.1, "this", 60), says("next")]))
    running = asyncio.create_task(house.stream())
    await asyncio.sleep(0.15)
    answer = await house.another().interrupts.interrupt(house.session_id)
    assert (answer["interrupted"], answer["is_processing"], answer["status"]) == (True, False, "interrupted")
    events = await running
    assert events[-1][1] is not None
    assert events[-1][1]["status"] == "interrupted"
    assert answer["messages"][-1]["content"] == text_of(events) == "So far this"
    assert text_of(await house.stream("go on")) == "next"


async def test_an_interrupt_while_a_tool_is_silent() -> None:
    async def slow(call: ToolCall) -> ToolResult:
        await asyncio.sleep(60)
        return ToolResult("ok", "{}")

    house = House(FakeModels([asks(("Price", "{}"), ("Trade", "{}"))]),
                  FakeToolset({"Price": slow, "Trade": slow}, unsafe=["Trade"]))  # fmt: skip
    running = asyncio.create_task(house.stream())
    await asyncio.sleep(0.1)
    answer = await house.another().interrupts.interrupt(house.session_id)
    assert answer["is_processing"] is False
    given = [m["tool_result"] for m in answer["messages"] if m["tool_result"]]
    results = {name: json.loads(text)["outcome"] for name, text in given}
    assert results == {"Price": "interrupted", "Trade": "outcome_unknown"}
    assert types(await running)[-1] == "complete"


async def test_an_interrupt_of_a_dead_runner_is_carried_out_by_the_endpoint() -> None:
    house = House(FakeModels([says("Hello ", 0.05, "you", 60)]))
    await died(house, after=0.2)
    answer = await house.another().interrupts.interrupt(house.session_id)
    assert (answer["interrupted"], answer["is_processing"]) == (True, False)
    assert answer["messages"][-1]["content"].startswith("Hello ")


async def test_an_interrupt_withdraws_what_waits() -> None:
    house = House(FakeModels(lambda _: says("x", 60)))
    running = asyncio.create_task(house.stream("one"))
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(house.another().stream("two"))
    await asyncio.sleep(0.05)
    answer = await house.another().interrupts.interrupt(house.session_id)
    assert [m["content"] for m in answer["messages"] if m["sender"] == "user"] == ["one", "two"]
    for events in (await running, await waiting):
        assert events[-1][1] is not None
        assert events[-1][1]["status"] == "interrupted"
    assert len(house.models.requests) == 1


async def test_there_may_be_nothing_to_interrupt() -> None:
    house = House(FakeModels([says("done")]))
    await house.stream()
    before = await house.kinds()
    answer = await house.interrupts.interrupt(house.session_id)
    assert (answer["interrupted"], answer["status"]) == (False, "idle")
    assert await house.kinds() == before


async def test_a_function_whose_time_is_nearly_up_hands_its_turn_over() -> None:
    house = House(FakeModels([says(*(f"{n} " for n in range(3)), 0.1, "more ", 0.4, "never"), says("and the rest.")]),
                  timings=replace(QUICK, hand_over=0.3))  # fmt: skip
    running = asyncio.create_task(house.stream(deadline=house.clock.now() + 500, idempotency_key="k"))
    await asyncio.sleep(0.3)
    await house.another().work(HandOver)
    events = await running
    assert text_of(events) == "0 1 2 more and the rest."
    assert types(events)[-1] == "complete"
    roles = [message["role"] for message in house.models.requests[1].messages]
    assert roles[-2:] == ["assistant", "user"]


async def test_calls_that_the_function_may_not_see_the_end_of_are_left_to_the_next_runner() -> None:
    toolset = FakeToolset({"Trade": answers("done")}, unsafe=["Trade"])
    house = House(FakeModels([asks(("Trade", "{}")), says("Traded.")]), toolset, timings=replace(QUICK, hand_over=60))
    running = asyncio.create_task(house.stream(deadline=house.clock.now() + 5_000))
    await asyncio.sleep(0.05)
    assert (await house.kinds(), toolset.ran) == (["user", "agent"], [])
    await house.another().work(HandOver)
    assert types(await running)[-1] == "complete"
    assert await house.kinds() == ["user", "agent", "turn", "call", "result", "end"]


async def test_a_stream_whose_runner_was_fenced_is_reset_and_goes_on_as_a_reader() -> None:
    house = House(FakeModels([says("unstored", 0.5, "never"), says("The other runner's answer.")]),
                  timings=replace(QUICK, first_flushes=9, later_flushes=9, tail=0.3, sign=9, dead=0.1))  # fmt: skip
    running = asyncio.create_task(house.stream())
    await asyncio.sleep(0.15)
    await house.another().work(Guard)
    events = await running
    kinds = types(events)
    assert kinds[:3] == ["started", "text", "reset"]
    after = events[kinds.index("reset") + 1 :]
    assert kinds[-1] == "complete"
    snapshot = await house.another().snapshot()
    agent = "".join(m["content"] for m in snapshot["messages"] if m["sender"] == "agent")
    reset = events[kinds.index("reset")][1]
    assert reset is not None
    shown = "".join(m["content"] for m in reset["snapshot"]["messages"] if m["sender"] == "agent")
    assert shown + text_of(after) == agent == "The other runner's answer."


async def test_a_stream_that_lost_its_turn_before_its_session_was_deleted_says_that_it_is_gone() -> None:
    hold = asyncio.Event()
    house = House(FakeModels([says("unstored", hold), says("The other runner's answer.")]),
                  timings=replace(QUICK, first_flushes=60, later_flushes=60, tail=60, sign=60, dead=0.1))  # fmt: skip
    events = await house.chats.stream(house.request())
    heard = [(await anext(events)).data for _ in range(2)]
    await dead(house)
    other = house.another()
    await other.work(Guard)
    await other.sessions.delete(house.session_id)
    hold.set()
    heard += [event.data async for event in events]
    assert [event["type"] for event in heard if event] == ["started", "text", "error"]
    assert heard[-1] == GONE


async def test_a_deleted_session_stops_its_runner_and_is_made_again_behind_its_tombstone() -> None:
    house = House(FakeModels([says("one ", 0.05, "two", 0.2, "three"), says("anew")]))
    running = asyncio.create_task(house.stream("old"))
    await asyncio.sleep(0.1)
    first = (await house.snapshot())["last_event_id"]
    await house.another().sessions.delete(house.session_id)
    last = (await running)[-1][1]
    assert last is not None
    assert (last["type"], last["retryable"]) == ("error", False)
    assert (await house.another().snapshot())["messages"] == []
    await house.another().stream("new")
    await house.work(Purge)
    snapshot = await house.another().snapshot()
    assert [m["content"] for m in snapshot["messages"]] == ["new", "anew"]
    assert snapshot["last_event_id"].split("-")[0] != first.split("-")[0]


async def test_a_waiting_message_whose_function_is_gone_is_taken_by_the_worker() -> None:
    house = House(FakeModels([says("first"), says("second")]))
    await house.stream("one")
    await house.chats.answer(house.request("two"), wait=0)
    house.wakeups.sent.clear()
    await asyncio.sleep(house.timings.dead + 0.1)
    await house.another().sessions.state(house.session_id)
    await house.another().work(Wake)
    assert (await house.snapshot())["messages"][-1]["content"] == "second"


@pytest.mark.parametrize("times", [1, 3])
async def test_repeated_wake_ups_change_nothing(times: int) -> None:
    house = House(FakeModels([says("once")]))
    await house.chats.answer(house.request("Hi"), wait=0)
    jobs = house.wakeups.take(Wake) * times
    await asyncio.gather(*(house.another().worker.handle(job) for job in jobs))
    await asyncio.gather(*(house.another().worker.handle(job) for job in jobs))
    log = await house.log()
    assert sum(isinstance(entry.body, End) for entry in log.entries) == 1
    assert sum(isinstance(entry.body, User) for entry in log.entries) == 1
    assert len(house.models.requests) == 1


async def test_the_last_message_of_an_app_that_is_gone_is_answered_with_a_failure() -> None:
    house = House(FakeModels([]))
    await house.chats.answer(house.request("Hi"), wait=0)
    await house.another(app=APP.model_copy(update={"name": "another"})).work(Wake)
    snapshot = await house.snapshot()
    assert snapshot["is_processing"] is False
    assert "not available" in snapshot["messages"][-1]["content"]
