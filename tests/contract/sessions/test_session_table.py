"""The contract of `SessionTable`, kept by the fake and by DynamoDB alike: entries and heads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attache.sessions.entries import Agent, CallAsked, Deleted, End, Sign, Text
from attache.sessions.table import (
    Beside,
    HeadChange,
    KeyTaken,
    NewHead,
    Promise,
    SessionTable,
    SlotTaken,
)
from tests.contract.sessions.sessions import LIFE, begin, entry, head
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.aws


async def test_what_was_put_is_read(table: SessionTable, session_id: str, clock: FakeClock) -> None:
    first = await begin(table, session_id, clock, app="shop", wallet="0xab", client_id="c")
    step = Agent("text", (CallAsked("c1", "T", "{}"),), opaque={"thinking_blocks": [{"signature": "s"}]})
    await table.put(session_id, entry(2, clock, step), Beside(user_state={"x": 1.5, "é": None}), LIFE)
    reading = await table.newest(session_id)
    assert reading.head == first
    assert reading.user_state == {"x": 1.5, "é": None}
    assert reading.entries == (entry(1, clock), entry(2, clock, step))
    assert reading.complete


async def test_an_empty_session_is_empty(table: SessionTable, session_id: str) -> None:
    reading = await table.newest(session_id)
    assert (reading.head, reading.entries, reading.complete) == (None, (), True)
    assert list(await table.since(session_id, 0)) == []


async def test_a_taken_slot_is_refused_and_ones_own_entry_is_success(
    table: SessionTable, session_id: str, clock: FakeClock
) -> None:
    await begin(table, session_id, clock)
    await table.put(session_id, entry(2, clock), Beside(), LIFE)
    await table.put(session_id, entry(2, clock), Beside(), LIFE)
    with pytest.raises(SlotTaken):
        await table.put(session_id, entry(2, clock, writer="b"), Beside(), LIFE)


async def test_a_repeated_transaction_is_success(table: SessionTable, session_id: str, clock: FakeClock) -> None:
    beside = Beside(new_head=NewHead(head(session_id, clock)), promises=(Promise("k", "d", 1),))
    await table.put(session_id, entry(1, clock), beside, LIFE)
    await table.put(session_id, entry(1, clock), beside, LIFE)
    with pytest.raises(SlotTaken):
        await table.put(session_id, entry(1, clock, writer="b"), beside, LIFE)


async def test_a_window_is_the_newest_and_older_ones_follow(
    table: SessionTable, session_id: str, clock: FakeClock
) -> None:
    await begin(table, session_id, clock, entries=7)
    window = await table.newest(session_id, before=None, limit=3 + 1)
    numbers = [e.number for e in window.entries]
    assert numbers == list(range(numbers[0], 8))
    assert not window.complete
    older = await table.newest(session_id, before=numbers[0])
    assert [e.number for e in older.entries] == list(range(1, numbers[0]))
    assert (older.complete, older.head) == (True, None)


async def test_only_what_is_newer(table: SessionTable, session_id: str, clock: FakeClock) -> None:
    await begin(table, session_id, clock, entries=4)
    assert [e.number for e in (await table.newest(session_id, after=2)).entries] == [3, 4]
    assert [e.number for e in await table.since(session_id, 3)] == [4]
    assert list(await table.since(session_id, 4)) == []


async def test_an_idempotency_key_makes_one_entry(table: SessionTable, session_id: str, clock: FakeClock) -> None:
    await begin(table, session_id, clock)
    await table.put(session_id, entry(2, clock), Beside(promises=(Promise("k", "d", 1),)), LIFE)
    with pytest.raises(KeyTaken):
        await table.put(session_id, entry(3, clock), Beside(promises=(Promise("k", "d", 1),)), LIFE)
    made = await table.idempotency(session_id, "k")
    assert made is not None
    assert (made.digest, made.number) == ("d", 2)
    assert await table.idempotency(session_id, "other") is None
    clock.forward(86_500)
    assert await table.idempotency(session_id, "k") is None
    await table.put(session_id, entry(3, clock), Beside(promises=(Promise("k", "e", 1),)), LIFE)


async def test_several_promises_are_kept_all_or_none_and_as_long_as_they_say(
    table: SessionTable, session_id: str, clock: FakeClock
) -> None:
    await begin(table, session_id, clock)
    one, two, three = (Promise(f"call:{name}", "", 1, kept=500_000) for name in "abc")
    await table.put(session_id, entry(2, clock), Beside(user_state={"n": 1}, promises=(one, two)), LIFE)
    with pytest.raises(KeyTaken):
        await table.put(
            session_id, entry(3, clock), Beside(user_state={"n": 2}, over={"n": 1}, promises=(three, two)), LIFE
        )
    assert await table.idempotency(session_id, "call:c") is None
    assert (await table.newest(session_id)).user_state == {"n": 1}
    clock.forward(400_000)
    assert await table.idempotency(session_id, "call:a") is not None
    clock.forward(100_001)
    assert await table.idempotency(session_id, "call:a") is None


async def test_an_idempotency_key_of_an_earlier_session_is_free(
    table: SessionTable, session_id: str, clock: FakeClock
) -> None:
    beside = Beside(new_head=NewHead(head(session_id, clock)), promises=(Promise("k", "d", 1),))
    await table.put(session_id, entry(1, clock), beside, LIFE)
    await table.put(session_id, entry(2, clock, Deleted()), Beside(), LIFE)
    again = NewHead(head(session_id, clock, born=3), instead_of=1)
    await table.put(session_id, entry(3, clock), Beside(again, promises=(Promise("k", "d", 3),)), LIFE)
    made = await table.idempotency(session_id, "k")
    assert made is not None
    assert made.number == 3


async def test_a_change_of_the_head_goes_with_its_entry(table: SessionTable, session_id: str, clock: FakeClock) -> None:
    first = await begin(table, session_id, clock, wallet="0xab")
    change = HeadChange(1, {"title": "Trading", "archived": True, "wallet": None})
    await table.put(session_id, entry(2, clock), Beside(head_change=change), LIFE)
    found = (await table.newest(session_id)).head
    assert found == replace(first, title="Trading", archived=True, wallet=None)
    stale = HeadChange(9, {"title": "Nobody's"})
    with pytest.raises(SlotTaken):
        await table.put(session_id, entry(3, clock), Beside(head_change=stale), LIFE)
    assert [e.number for e in await table.since(session_id, 2)] == []


async def test_a_change_of_a_head_that_is_not_as_it_was_read_is_refused(
    table: SessionTable, session_id: str, clock: FakeClock
) -> None:
    read = await begin(table, session_id, clock)
    await table.put(session_id, entry(2, clock), Beside(head_change=HeadChange.of(read, {"app": "shop"})), LIFE)
    with pytest.raises(SlotTaken):
        await table.put(session_id, entry(3, clock), Beside(head_change=HeadChange.of(read, {"app": "bank"})), LIFE)
    now = (await table.newest(session_id)).head
    assert now is not None
    await table.put(session_id, entry(3, clock), Beside(head_change=HeadChange.of(now, {"app": None})), LIFE)


async def test_a_user_state_replaces_what_its_writer_knew_and_nothing_else(
    table: SessionTable, session_id: str, clock: FakeClock
) -> None:
    await table.put(session_id, entry(1, clock), Beside(new_head=NewHead(head(session_id, clock))), LIFE)
    await table.put(session_id, entry(2, clock), Beside(user_state={"é": 1.0}), LIFE)
    with pytest.raises(SlotTaken):
        await table.put(session_id, entry(3, clock), Beside(user_state={"b": 2}), LIFE)
    known = (await table.newest(session_id)).user_state
    await table.put(session_id, entry(3, clock), Beside(user_state={"b": 2}, over=known), LIFE)
    with pytest.raises(SlotTaken):
        await table.put(session_id, entry(4, clock), Beside(user_state={"c": 3}, over=known), LIFE)
    assert (await table.newest(session_id)).user_state == {"b": 2}


async def test_a_second_beginning_is_refused(table: SessionTable, session_id: str, clock: FakeClock) -> None:
    await begin(table, session_id, clock)
    with pytest.raises(SlotTaken):
        await table.put(session_id, entry(2, clock), Beside(new_head=NewHead(head(session_id, clock, 2))), LIFE)


async def test_a_new_session_has_nothing_of_the_old_ones_state(
    table: SessionTable, session_id: str, clock: FakeClock
) -> None:
    await begin(table, session_id, clock)
    await table.put(session_id, entry(2, clock), Beside(user_state={"a": 1}), LIFE)
    await table.put(session_id, entry(3, clock, Deleted()), Beside(), LIFE)
    again = NewHead(head(session_id, clock, born=4), instead_of=1)
    await table.put(session_id, entry(4, clock), Beside(new_head=again), LIFE)
    reading = await table.newest(session_id)
    assert reading.head is not None
    assert (reading.head.born, reading.user_state) == (4, None)


async def test_expired_entries_count_as_absent(table: SessionTable, session_id: str, clock: FakeClock) -> None:
    await begin(table, session_id, clock)
    for number, body in ((2, Text("a")), (3, Sign()), (4, End("done", "a"))):
        await table.put(session_id, entry(number, clock, body), Beside(), LIFE)
    clock.forward(101)
    assert [e.number for e in (await table.newest(session_id)).entries] == [1, 4]
    assert [e.number for e in await table.since(session_id, 1)] == [4]
    clock.forward(900)
    assert (await table.newest(session_id)).entries == ()


async def test_a_purge_leaves_the_tombstone_and_what_came_behind_it(
    table: SessionTable, session_id: str, clock: FakeClock
) -> None:
    await begin(table, session_id, clock, entries=30)
    await table.put(session_id, entry(31, clock, Deleted()), Beside(), LIFE)
    await table.purge(session_id, 31)
    reading = await table.newest(session_id)
    assert [e.number for e in reading.entries] == [31]
    assert reading.head is None
    await table.put(session_id, entry(32, clock), Beside(new_head=NewHead(head(session_id, clock, 32))), LIFE)
    await table.purge(session_id, 31)
    reading = await table.newest(session_id)
    assert reading.head is not None
    assert [e.number for e in reading.entries] == [31, 32]


async def test_a_user_state_lives_on_if_it_expires_when_its_reader_saw(
    table: SessionTable, session_id: str, clock: FakeClock
) -> None:
    await begin(table, session_id, clock)
    await table.put(session_id, entry(2, clock), Beside(user_state={"x": 1}), LIFE)
    seen = clock.now() // 1000 + LIFE.head
    assert (await table.newest(session_id)).expires == {"user_state": seen}
    await table.renew(session_id, "user_state", seen - 1, seen + 500)
    assert (await table.newest(session_id)).expires == {"user_state": seen}
    await table.renew(session_id, "user_state", seen, seen + 50)
    reading = await table.newest(session_id)
    assert (reading.user_state, reading.expires) == ({"x": 1}, {"user_state": seen + 50})
    await table.put(session_id, entry(3, clock), Beside(user_state={"x": 2}, over={"x": 1}), LIFE)
    assert (await table.newest(session_id)).expires == {"user_state": seen}


async def test_what_is_not_there_is_not_brought_back(table: SessionTable, session_id: str, clock: FakeClock) -> None:
    await begin(table, session_id, clock)
    later = clock.now() // 1000 + 500
    await table.renew(session_id, "user_state", later, later)
    await table.renew(session_id, "summary", later, later)
    reading = await table.newest(session_id)
    assert (reading.user_state, reading.summary, reading.expires) == (None, None, {})
