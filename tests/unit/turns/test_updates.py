from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest

from attache.errors import TooMany
from attache.sessions.entries import Agent, End, Piece, Text, User
from attache.sessions.head import DAY
from attache.sessions.log import Wanted, begun
from attache.sessions.table import Beside
from attache.sessions.updates import Channel, Updates
from attache.wire.sse import Event
from tests.fakes.clock import FakeClock
from tests.fakes.models import FakeModels, asks, says
from tests.fakes.session_table import FakeSessionTable
from tests.fakes.toolset import FakeToolset, answers
from tests.unit.turns.harness import House

QUICK = Channel(busy=0.01, lately=0.01, idle=0.02, quiet=0.3, longest=5)


def updates(house: House, channel: Channel = QUICK) -> Updates:
    return Updates(house.sessions, house.clock, channel)


async def collected(stream: AsyncGenerator[Event, None]) -> list[Event]:
    return [event async for event in stream]


def kinds(events: list[Event]) -> list[str]:
    return [str(event.data["type"]) for event in events if event.data is not None]


def said(events: list[Event]) -> str:
    return "".join(e.data["content"] for e in events if e.data is not None and e.data["type"] == "text")


def shown(snapshot: Mapping[str, Any]) -> str:
    return "".join(message["content"] for message in snapshot["messages"] if message["sender"] == "agent")


async def test_a_turn_is_seen_from_elsewhere() -> None:
    models = FakeModels([asks(("Price", '{"s": 1}')), says("one ", 0.06, "two ", 0.06, "three")])
    house = House(models, FakeToolset({"Price": answers('{"p": 1}')}))
    await house.sessions.create(house.session_id, None)
    watching = asyncio.create_task(collected(await updates(house.another()).stream(house.session_id)))
    await house.stream("Hi")
    events = await watching
    assert events[0].data is None
    assert events[0].id is not None
    assert [k for k in kinds(events) if k != "text"] == [
        "started", "state_changed", "tool_update", "tool_complete", "complete", "state_changed",
    ]  # fmt: skip
    assert said(events) == "one two three"
    assert all(e.data["session_id"] == house.session_id for e in events if e.data is not None)


async def test_a_snapshot_and_what_follows_it_are_the_whole_answer_at_every_point() -> None:
    house = House(FakeModels([says(*(part for n in range(12) for part in (f"w{n} ", 0.02)))]))
    running = asyncio.create_task(house.stream("Hi"))
    taken: list[tuple[dict[str, Any], asyncio.Task[list[Event]]]] = []
    other = house.another()
    while not running.done():
        snapshot = await other.snapshot()
        stream = await updates(other).stream(house.session_id, snapshot["last_event_id"])
        taken.append((snapshot, asyncio.create_task(collected(stream))))
        await asyncio.sleep(0.02)
    await running
    whole = shown(await house.snapshot())
    assert len(taken) > 5
    for snapshot, following in taken:
        assert shown(snapshot) + said(await following) == whole


async def test_resuming_anywhere_misses_nothing_and_repeats_nothing() -> None:
    said_at_length = says("one ", 0.06, "two " * 2_000, 0.06, "three")
    models = FakeModels([asks(("Price", "{}"), ("Price", "[]")), said_at_length])
    house = House(models, FakeToolset({"Price": answers("1")}))
    await house.stream("Hi")
    everything = await collected(await updates(house).stream(house.session_id, "0-0"))
    assert len({event.id for event in everything}) == len(everything)
    for place, event in enumerate(everything):
        assert event.id is not None
        rest = await collected(await updates(house).stream(house.session_id, event.id))
        assert rest[0] == Event(None, event.id)
        assert rest[1:] == everything[place + 1 :]


async def test_an_id_within_an_entry_resumes_a_chat_before_it() -> None:
    house = House(FakeModels([says("hello")]))
    await house.stream("Hi", idempotency_key="k1")
    everything = await collected(await updates(house).stream(house.session_id, "0-0"))
    (within, *_) = (event.id for event in everything if event.id and "." in event.id)
    again = await house.stream("Hi", idempotency_key="k1", last_event_id=within)
    assert next(event["type"] for _, event in again if event) == "started"


@pytest.mark.parametrize("unknown", ["00000000-3", "nonsense", "ffffffff-1"])
async def test_an_id_of_no_use_is_answered_with_a_snapshot(unknown: str) -> None:
    house = House(FakeModels([says("hello")]))
    await house.stream("Hi")
    events = await collected(await updates(house).stream(house.session_id, unknown))
    assert kinds(events) == ["reset"]
    assert events[0].data is not None
    assert shown(events[0].data["snapshot"]) == "hello"
    assert events[0].id == events[0].data["snapshot"]["last_event_id"]


async def test_a_session_never_used_is_an_empty_one() -> None:
    house = House(FakeModels([says("hello")]))
    watching = asyncio.create_task(collected(await updates(house).stream(house.session_id, "0-0")))
    await asyncio.sleep(0.05)
    assert await house.kinds() == []
    await house.another().stream("Hi")
    assert said(await watching) == "hello"


async def test_a_deleted_session_closes_its_channels() -> None:
    house = House(FakeModels([says("hello")]))
    await house.stream("Hi")
    channel = Channel(busy=0.01, lately=0.01, idle=0.01, quiet=60, longest=60)
    watching = asyncio.create_task(collected(await updates(house, channel).stream(house.session_id)))
    await asyncio.sleep(0.03)
    await house.another().sessions.delete(house.session_id)
    await asyncio.wait_for(watching, 2)


async def test_a_session_made_again_between_two_looks_is_not_followed_but_told_to_who_comes_back() -> None:
    house = House(FakeModels([says("old"), says("new")]))
    await house.stream("Hi")
    channel = Channel(busy=0.3, lately=0.3, idle=0.3, quiet=60, longest=60)
    stream = await updates(house, channel).stream(house.session_id)
    first = await anext(stream)
    await house.another().sessions.delete(house.session_id)
    await house.another().stream("Hello")
    assert kinds(await asyncio.wait_for(collected(stream), 2)) == []
    again = await anext(await updates(house.another(), channel).stream(house.session_id, first.id))
    assert again.data is not None
    assert (again.data["type"], shown(again.data["snapshot"])) == ("reset", "new")


async def test_too_many_at_once_are_refused_and_closed_ones_do_not_count() -> None:
    house = House(FakeModels([]))
    two = updates(house, Channel(idle=0.01, lately=0.01, quiet=60, most_of_session=2))
    streams = [await two.stream(house.session_id) for _ in range(2)]
    for stream in streams:
        await anext(stream)
    with pytest.raises(TooMany):
        await two.stream(house.session_id)
    await streams[0].aclose()
    await anext(await two.stream(house.session_id))
    await streams[1].aclose()


async def test_those_that_open_at_the_same_time_are_counted_too() -> None:
    house = House(FakeModels([]))
    two = updates(house, Channel(most_of_session=2))
    opened = await asyncio.gather(*(two.stream(house.session_id) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in opened].count(TooMany) == 1


async def test_what_happened_just_before_a_deletion_is_told_before_the_channel_closes() -> None:
    house = House(FakeModels([says("Hi.")]))
    await house.sessions.create(house.session_id, None)
    events = await updates(house.another(), Channel(busy=0.3, lately=0.3, idle=0.3)).stream(house.session_id)
    assert (await anext(events)).id is not None
    await house.stream()
    await house.sessions.delete(house.session_id)
    assert said(await collected(events)) == "Hi."


async def test_who_waits_for_a_session_is_told_nothing_of_one_that_came_and_went() -> None:
    house = House(FakeModels([says("gone"), says("here")]))
    await house.stream()
    await house.sessions.delete(house.session_id)
    channel = await updates(house).stream(house.session_id, "0-0")
    assert (await anext(channel)).id == "0-0"
    await house.stream()
    assert said(await collected(channel)) == "here"


async def test_pieces_that_expired_are_told_from_the_step_that_covers_them() -> None:
    clock = FakeClock()
    house = House(FakeModels(), clock=clock, table=FakeSessionTable(clock))
    log = await house.log()
    pieces = (Piece(2, 4), Piece(3, 4), Piece(5, 4))
    told = (User("?", runner=log.writer), Text("one "), Text("two ", 2), User("waits"), Text("tri ", 2))
    for body in (*told, Agent("one two tri four", pieces=pieces), End("done")):
        head = Beside(begun(log, clock.now())) if log.head is None else Beside()
        await log.append(lambda _, body=body, head=head: Wanted(body, head))  # type: ignore[misc]
    clock.forward(1.5 * DAY)
    other = house.another()
    for number in range(1, 8):
        events = await collected(await updates(other).stream(house.session_id, log.living.id_of(number)))
        had = sum(piece.length for piece in pieces if piece.number <= number) if number < 6 else 16
        assert said(events) == "one two tri four"[had:]
        assert all(event.id is None or event.id > log.living.id_of(number) for event in events[1:])
