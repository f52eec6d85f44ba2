from __future__ import annotations

import asyncio
import json

import pytest

from attache.errors import Conflict, Forbidden, TooMany
from attache.models.model import ModelFailed
from attache.tools.tool import ToolCall, ToolResult
from attache.turns.wakeups import Guard, Purge, Wake
from tests.fakes.models import FakeModels, asks, says
from tests.fakes.toolset import FakeToolset, answers
from tests.unit.turns.harness import APP, House, text_of, types


async def test_a_streamed_answer_is_what_history_says() -> None:
    house = House(FakeModels([says("Hel", "lo ", 0.05, "there", 0.05, ".")]))
    events = await house.stream("Hi")
    assert types(events) == ["started", "text", "text", "text", "text", "complete"]
    snapshot = await house.snapshot()
    assert [(m["sender"], m["content"]) for m in snapshot["messages"]] == [("user", "Hi"), ("agent", "Hello there.")]
    assert text_of(events) == "Hello there."
    assert snapshot["is_processing"] is False
    assert events[-1][0] == snapshot["last_event_id"]
    assert events[-1][1] == {
        "type": "complete",
        "status": "done",
        "usage": {"model": "claude-sonnet", "input_tokens": 11, "output_tokens": 7},
    }


async def test_text_is_stored_in_pieces_whose_ids_follow_it() -> None:
    house = House(FakeModels([says("one ", 0.1, "two ", 0.1, "three")]))
    events = await house.stream()
    ids_alone = [event_id for event_id, data in events if data is None]
    assert len(ids_alone) >= 2
    assert "text" in await house.kinds()


async def test_calls_of_a_step_run_at_once_and_each_has_a_result() -> None:
    running, most = 0, 0

    async def slow(call: ToolCall) -> ToolResult:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        return ToolResult("ok", json.dumps({"of": json.loads(call.arguments)}))

    toolset = FakeToolset({"Price": slow, "Folio": slow})
    models = FakeModels([asks(("Price", '{"s": "ETH"}'), ("Folio", '{"u": "user123"}')), says("Done.")])
    house = House(models, toolset)
    events = await house.stream()
    assert most == 2
    assert types(events) == ["started", "tool_call", "tool_call", "tool_result", "tool_result", "text", "complete"]
    second = models.requests[1].messages
    assert [message["role"] for message in second] == ["system", "user", "assistant", "tool", "tool"]
    assert {message["tool_call_id"] for message in second[3:]} == {call["id"] for call in second[2]["tool_calls"]}
    assert len(house.usage.rows) == 2


async def test_a_call_that_may_change_something_is_recorded_before_it_is_sent() -> None:
    seen: list[list[str]] = []

    async def trade(call: ToolCall) -> ToolResult:
        seen.append(await house.kinds())
        return ToolResult("ok", "{}")

    house = House(FakeModels([asks(("Trade", "{}")), says("ok")]), FakeToolset({"Trade": trade}, unsafe=["Trade"]))
    await house.stream()
    assert seen == [["user", "agent", "call"]]


async def test_the_step_limit_ends_the_turn_with_an_answer() -> None:
    models = FakeModels(lambda request: asks(("Price", "{}")) if request.allow_calls else says("That is all I found."))
    app = APP.model_copy(update={"max_steps": 3})
    house = House(models, FakeToolset({"Price": answers("1")}), app=app)
    events = await house.stream()
    assert types(events).count("tool_call") == 3
    assert types(events)[-1] == "complete"
    assert text_of(events) == "That is all I found."


async def test_a_provider_that_fails_is_told_to_the_user() -> None:
    failure = ModelFailed("The model's provider does not answer.", code="provider_unavailable", retryable=True)
    house = House(FakeModels([says(failure)]))
    events = await house.stream()
    assert events[-1][1] == {
        "type": "error",
        "message": "The model's provider does not answer.",
        "code": "provider_unavailable",
        "retryable": True,
    }
    snapshot = await house.snapshot()
    assert snapshot["messages"][-1]["content"] == "The model's provider does not answer."
    assert snapshot["system_events"] == [{"SystemError": "The model's provider does not answer."}]
    assert (await house.snapshot())["system_events"] == []


async def test_an_answer_that_breaks_off_is_gone_on_with() -> None:
    failure = ModelFailed("The connection broke.", code="provider_unavailable", retryable=True)
    models = FakeModels([says("The price ", failure), says("is 3.")])
    house = House(models)
    events = await house.stream()
    assert text_of(events) == "The price is 3."
    assert types(events)[-1] == "complete"
    assert [message["role"] for message in models.requests[1].messages] == ["system", "user", "assistant", "user"]
    agents = [m["content"] for m in (await house.snapshot())["messages"] if m["sender"] == "agent"]
    assert "".join(agents) == "The price is 3."


async def test_a_message_that_comes_meanwhile_waits_and_is_answered_by_its_own_stream() -> None:
    hold = asyncio.Event()
    house = House(FakeModels([says("first", hold), says("second")]))
    first = asyncio.create_task(house.stream("one"))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(house.another().stream("two"))
    await asyncio.sleep(0.05)
    waiting = await house.snapshot()
    assert [m["content"] for m in waiting["messages"] if m["sender"] == "user"] == ["one", "two"]
    assert waiting["messages"][-1]["content"] == "two"
    hold.set()
    assert text_of(await first) == "first"
    assert text_of(await second) == "second"
    contents = [m["content"] for m in (await house.snapshot())["messages"]]
    assert contents == ["one", "first", "two", "second"]


async def test_eight_messages_at_once_are_each_answered_once_in_order() -> None:
    house = House(FakeModels(lambda request: says(f"re: {request.messages[-1]['content']}")))
    streams = await asyncio.gather(*(house.another().stream(f"m{n}") for n in range(8)))
    for n, events in enumerate(streams):
        assert text_of(events) == f"re: m{n}"
    log = await house.log()
    messages = [entry.body.message for entry in log.entries if entry.kind == "user"]  # type: ignore[union-attr]
    assert sorted(messages) == [f"m{n}" for n in range(8)]
    contents = [m["content"] for m in (await house.snapshot())["messages"]]
    assert contents == [text for message in messages for text in (message, f"re: {message}")]
    assert len(house.models.requests) == 8


async def test_the_twenty_first_waiting_message_is_refused() -> None:
    hold = asyncio.Event()
    house = House(FakeModels(lambda _: says(hold)))
    running = asyncio.create_task(house.stream("runs"))
    await asyncio.sleep(0.05)
    for n in range(20):
        await house.another().chats.answer(house.request(f"w{n}"), wait=0)
    with pytest.raises(TooMany):
        await house.chats.answer(house.request("too many"), wait=0)
    answer = await house.interrupts.interrupt(house.session_id)
    assert answer["interrupted"] is True
    await running


async def test_a_snapshot_is_answered_when_the_worker_is_done() -> None:
    house = House(FakeModels([says("From the worker.")]))
    asked = asyncio.create_task(house.chats.answer(house.request("Hi"), wait=5))
    await asyncio.sleep(0.05)
    await house.another().work(Wake)
    answer = await asked
    assert [m["content"] for m in answer["messages"]] == ["Hi", "From the worker."]
    assert answer["status"] == "idle"
    assert house.wakeups.take(Guard)


async def test_a_snapshot_whose_wait_is_over_says_that_it_goes_on() -> None:
    house = House(FakeModels([says("late")]))
    answer = await house.chats.answer(house.request("Hi"), wait=0)
    assert (answer["is_processing"], answer["status"]) == (True, "processing")
    assert house.wakeups.take(Wake)


async def test_the_same_idempotency_key_starts_no_second_turn() -> None:
    house = House(FakeModels([says("once")]))
    first = await house.stream("Hi", idempotency_key="k1")
    again = await house.another().stream("Hi", idempotency_key="k1")
    assert text_of(again) == text_of(first) == "once"
    assert again[-1] == first[-1]
    resumed = await house.stream("Hi", idempotency_key="k1", last_event_id=first[0][0])
    assert types(resumed) == ["text", "complete"]
    with pytest.raises(Conflict):
        await house.stream("Something else", idempotency_key="k1")


async def test_the_same_key_twice_at_once_is_one_turn() -> None:
    house = House(FakeModels([says("once", 0.05)]))
    both = await asyncio.gather(*(house.another().stream("Hi", idempotency_key="k1") for _ in range(2)))
    assert [text_of(events) for events in both] == ["once", "once"]
    assert (await house.kinds()).count("user") == 1


async def test_a_session_belongs_to_its_app() -> None:
    house = House(FakeModels([says("hi")]))
    await house.stream()
    other = APP.model_copy(update={"name": "other"})
    with pytest.raises(Forbidden):
        await house.another(app=other).stream()


async def test_a_resume_from_a_foreign_id_is_reset() -> None:
    house = House(FakeModels([says("hello")]))
    await house.stream("Hi", idempotency_key="k1")
    events = await house.stream("Hi", idempotency_key="k1", last_event_id="00000000-7")
    assert types(events) == ["reset", "complete"]
    reset = events[0][1]
    assert reset is not None
    assert [m["content"] for m in reset["snapshot"]["messages"]] == ["Hi", "hello"]


async def test_who_has_had_more_than_the_turn_is_not_sent_back_to_its_end() -> None:
    house = House(FakeModels([says("hello")]))
    await house.stream("Hi", idempotency_key="k1")
    await house.sessions.rename(house.session_id, "Mine")
    last = (await house.snapshot())["last_event_id"]
    for known in (last, "deadbeef-1"):
        again = await house.another().stream("Hi", idempotency_key="k1", last_event_id=known)
        assert types(again)[-1] == "complete"
        assert again[-1][0] == last


async def test_the_id_of_a_session_never_used_is_resumed_from_the_beginning() -> None:
    house = House(FakeModels([says("hello")]))
    unused = (await house.snapshot())["last_event_id"]
    first = await house.stream("Hi", idempotency_key="k1", last_event_id=unused)
    again = await house.stream("Hi", idempotency_key="k1", last_event_id=unused)
    assert types(first)[0] == types(again)[0] == "started"
    assert text_of(first) == text_of(again) == "hello"


async def test_a_long_result_comes_back_whole_and_the_model_reads_a_part() -> None:
    async def long(call: ToolCall) -> ToolResult:
        return ToolResult("ok", "the part", whole="x" * 300_000)

    models = FakeModels([asks(("Orders", "{}")), says("Many.")])
    house = House(models, FakeToolset({"Orders": long}))
    events = await house.stream()
    assert models.requests[1].messages[-1]["content"] == "the part"
    (told,) = (data for _, data in events if data and data["type"] == "tool_result")
    assert (told["result"], told.get("truncated")) == ("the part", True)
    for container in (house, house.another()):
        assert (await container.snapshot())["messages"][1]["tool_result"] == ["Orders", "x" * 300_000]


async def test_what_was_kept_beside_the_log_goes_with_its_session() -> None:
    async def long(call: ToolCall) -> ToolResult:
        return ToolResult("ok", "the part", whole="x" * 20_000)

    house = House(FakeModels([asks(("Orders", "{}")), says("Many."), says("anew")]), FakeToolset({"Orders": long}))
    await house.stream()
    assert len(house.blobs.kept) == 1
    await house.worker.handle(Purge(session_id=house.session_id, tag=next(iter(house.blobs.kept))[1]))
    assert len(house.blobs.kept) == 1
    await house.sessions.delete(house.session_id)
    await house.stream("again")
    await house.work(Purge)
    assert house.blobs.kept == {}
    assert [m["content"] for m in (await house.snapshot())["messages"]] == ["again", "anew"]


async def test_a_snapshot_holds_the_newest_megabyte_and_pages_back_to_the_first_message() -> None:
    house = House(FakeModels(lambda request: says(f"re {request.messages[-1]['content'][:4]} " + "y" * 20_000)))
    for n in range(60):
        await house.stream(f"m{n:03d} " + "x" * 15_000)
    other = house.another()
    newest = await other.snapshot()
    assert newest["truncated"] is True
    seen = newest["messages"]
    while seen[0]["content"][:4] != "m000":
        older = (await other.sessions.state(house.session_id, before=seen[0]["id"])).snapshot
        assert older is not None
        assert older["messages"]
        seen = older["messages"] + seen
    assert [m["content"][:7].strip() for m in seen] == [w for n in range(60) for w in (f"m{n:03d} xx", f"re m{n:03d}")]
