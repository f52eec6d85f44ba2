"""What somebody else did while a request or a runner was not looking."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from attache.clock import Clock
from attache.models.model import ModelFailed
from attache.sessions.entries import CallResult, Entry, Interrupt, User
from attache.sessions.events import GONE
from attache.sessions.head import Lifetime
from attache.sessions.log import Wanted
from attache.sessions.table import Beside, Idempotency
from attache.tools.tool import ToolCall, ToolResult
from attache.turns.chat_stream import ChatStream
from attache.turns.wakeups import Guard, Wake
from tests.fakes.models import FakeModels, asks, says
from tests.fakes.session_table import FakeSessionTable
from tests.fakes.toolset import FakeToolset
from tests.fakes.wakeups import FakeWakeups
from tests.unit.turns.harness import QUICK, House, text_of, types
from tests.unit.turns.test_recovery import dead, died


class LaterClock(Clock):
    """Real time, some days ahead."""

    def __init__(self) -> None:
        self.days = 0

    def now(self) -> int:
        return super().now() + self.days * 86_400_000


@dataclass
class SlowWakeups(FakeWakeups):
    """A queue that takes nothing while it is held."""

    held: asyncio.Event | None = None

    async def guard(self, session_id: str, runner: str, *, delay: float, sent: int | None = None) -> None:
        if self.held is not None:
            await self.held.wait()
        await super().guard(session_id, runner, delay=delay, sent=sent)


class SlowKeys(FakeSessionTable):
    """A table whose idempotency keys are read later than everything else."""

    def __init__(self) -> None:
        super().__init__(Clock())
        self.held: asyncio.Event | None = None

    async def idempotency(self, session_id: str, key: str) -> Idempotency | None:
        if self.held is not None:
            await self.held.wait()
        return await super().idempotency(session_id, key)


class SlowPuts(FakeSessionTable):
    """A table that stores nothing while it is held."""

    def __init__(self) -> None:
        super().__init__(Clock())
        self.held: asyncio.Event | None = None

    async def put(self, session_id: str, entry: Entry, beside: Beside, lifetime: Lifetime) -> None:
        if self.held is not None:
            await self.held.wait()
        await super().put(session_id, entry, beside, lifetime)


async def interrupted(house: House) -> None:
    """An interrupt whose own function died as soon as it was appended."""
    await (await house.log()).append(lambda _: Wanted(Interrupt()))


async def test_a_key_whose_session_was_deleted_makes_its_message_in_the_new_one() -> None:
    house = House(FakeModels([says("one"), says("two")]))
    first = await house.stream("Hi", idempotency_key="k1")
    await house.sessions.delete(house.session_id)
    again = await house.another().stream("Hi", idempotency_key="k1")
    assert types(again) == ["started", "text", "complete"]
    assert again[0][0] != first[0][0]


async def test_a_message_that_came_between_log_and_key_is_read() -> None:
    table = SlowKeys()
    house = House(FakeModels([says("one"), says("two")]), table=table)
    await house.stream("Hi")
    hold = table.held = asyncio.Event()
    again = asyncio.create_task(house.another().stream("Ho", idempotency_key="k1"))
    await asyncio.sleep(0.05)
    table.held = None
    await house.stream("Ho", idempotency_key="k1")
    hold.set()
    assert types(await again) == ["started", "text", "complete"]


async def test_a_stream_of_a_deleted_session_is_resumed_with_a_reset() -> None:
    house = House(FakeModels([says("one"), says("two", 0.01)]))
    first = await house.stream("Hi", idempotency_key="k1")
    await house.sessions.delete(house.session_id)
    again = await house.another().stream("Hi", idempotency_key="k1", last_event_id=first[0][0])
    assert types(again) == ["reset", "text", "complete"]
    assert text_of(again) == "two"


async def test_streams_of_a_session_that_was_deleted_and_created_again_say_that_it_is_gone() -> None:
    # without a final event their clients would resume, and put the deleted conversation's message into the new one
    house = House(FakeModels([says("said", 60.0)]), timings=replace(QUICK, first_flushes=9, later_flushes=9))
    running = asyncio.create_task(house.stream("one"))
    await asyncio.sleep(0.02)
    waiting = asyncio.create_task(house.another().stream("two"))
    await asyncio.sleep(0.02)
    other = house.another()
    await other.sessions.delete(house.session_id)
    await other.sessions.create(house.session_id, None)
    for stream in (await running, await waiting):
        assert stream[-1][1] == GONE
        assert "reset" not in types(stream)
    assert (await house.snapshot())["messages"] == []


async def test_what_an_interrupt_calls_off_has_no_id_while_text_is_sent_that_no_entry_holds() -> None:
    house = House(FakeModels([says("one")]))
    await house.stream("Hi")
    log = await house.log()
    asked = await log.append(lambda log: Wanted(User("And?", runner=log.writer)))
    chat = ChatStream(log, asked.number, asked.number)
    chat.live("Half an ")
    called_off = CallResult("c1", "Trade", "interrupted", "It was called off.")
    await (await house.log()).append(lambda _: Wanted(Interrupt(results=(called_off,))))
    await log.read()
    chat.advanced(log)
    chat.close()
    sent = [(event.data["type"] if event.data else None, event.id) async for event in chat.events()]
    assert sent == [("text", None), ("async_tool_result", None)], "an id would say that the text is stored"


async def test_a_deletion_while_an_answer_is_waited_for_leaves_an_empty_session() -> None:
    house = House(FakeModels([]))
    asked = asyncio.create_task(house.chats.answer(house.request("Hi"), wait=5))
    await asyncio.sleep(0.05)
    await house.another().sessions.delete(house.session_id)
    answer = await asked
    assert (answer["messages"], answer["is_processing"]) == ([], False)


async def test_a_deleted_session_stays_away_although_its_purge_never_comes() -> None:
    clock = LaterClock()
    house = House(FakeModels([says("secret")]), clock=clock)
    await house.stream()
    await house.sessions.delete(house.session_id)
    clock.days = 89
    assert (await house.another().snapshot())["messages"] == []


async def test_who_takes_an_interrupted_turn_over_only_ends_it() -> None:
    async def slow(call: ToolCall) -> ToolResult:
        await asyncio.sleep(60)
        return ToolResult("ok", "1")

    toolset = FakeToolset({"Slow": slow})
    house = House(FakeModels([asks(("Slow", "{}"))]), toolset)
    await died(house)
    await interrupted(house)
    await dead(house)
    await house.another().work(Guard)
    assert (len(toolset.ran), len(house.models.requests)) == (1, 1)
    assert (await house.another().snapshot())["status"] == "interrupted"


async def test_an_interrupted_turn_that_is_given_up_was_interrupted() -> None:
    house = House(FakeModels([says(60.0)]), timings=replace(QUICK, takeovers=0))
    await died(house)
    await interrupted(house)
    await dead(house)
    await house.another().work(Guard)
    assert (await house.another().snapshot())["status"] == "interrupted"


async def test_a_runner_without_time_meets_an_interrupt() -> None:
    timings = replace(QUICK, hand_over=0.3, tail=9, sign=9, first_flushes=9, later_flushes=9)
    house = House(FakeModels([says("said", 60.0)]), timings=timings)
    running = asyncio.create_task(house.stream(deadline=house.clock.now() + 600))
    await asyncio.sleep(0.1)
    await interrupted(house)
    events = await running
    assert events[-1][1] is not None
    assert (events[-1][1]["type"], events[-1][1]["status"]) == ("complete", "interrupted")
    assert text_of(events) == "said"


async def test_a_stream_whose_turn_was_taken_and_ended_while_it_stood_still_has_all_of_it() -> None:
    hold, slow = asyncio.Event(), SlowWakeups()
    house = House(FakeModels([says("first", hold), says("second")]))
    first = asyncio.create_task(house.stream("one"))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(house.another(wakeups=slow).stream("two"))
    await asyncio.sleep(0.05)
    slow.held = asyncio.Event()
    hold.set()
    await first
    await asyncio.sleep(0.3)
    await house.another().work(Wake)
    slow.held.set()
    events = await second
    assert types(events) == ["started", "text", "complete"]
    assert text_of(events) == "second"


async def test_a_step_of_blanks_is_not_sent_to_the_model() -> None:
    failure = ModelFailed("The connection broke.", code="provider_unavailable", retryable=True)
    models = FakeModels([says("\n\n", failure), says("Hello")])
    house = House(models)
    await house.stream()
    assert [message["role"] for message in models.requests[1].messages] == ["system", "user"]


async def test_who_stood_still_between_guard_and_append_sends_another_guard() -> None:
    table = SlowPuts()
    house = House(FakeModels([says("one"), says("two")]), table=table)
    for take in (house.stream("Hi"), house.another().chats.answer(house.request("Ho"), wait=0)):
        house.wakeups.take(Guard)
        table.held = asyncio.Event()
        taking = asyncio.create_task(take)
        await asyncio.sleep(house.timings.guard + 0.05)
        table.held.set()
        await taking
        assert len(house.wakeups.take(Guard)) == 2


async def test_a_poll_in_a_new_container_finds_nothing_new_and_looks_after_a_dead_runner() -> None:
    house = House(FakeModels([says("said", 60)]))
    await died(house)
    held = (await house.another().sessions.state(house.session_id)).etag
    assert held is not None

    async def poll() -> str | None:
        state = await house.another().sessions.state(house.session_id, etags=(held,))
        assert state.snapshot is None
        return state.etag

    assert await poll() == held
    assert house.wakeups.take(Wake) == []
    await dead(house)
    assert await poll() == held
    assert len(house.wakeups.take(Wake)) == 1
    await house.interrupts.interrupt(house.session_id)
    assert (await house.another().sessions.state(house.session_id, etags=(held,))).snapshot is not None
