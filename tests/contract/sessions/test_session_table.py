"""The contract of `SessionTable`, kept by the fake and by DynamoDB alike."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest

from attache.sessions.dynamo_sessions import DynamoSessions
from attache.sessions.entries import Agent, CallAsked, Deleted, End, Entry, Sign, Text, User
from attache.sessions.head import DAY, Gist, Head, Lifetime, Noted, owner_name
from attache.sessions.summary import MOST_BYTES, Summary, own
from attache.sessions.table import (
    Beside,
    HeadChange,
    KeyTaken,
    NewHead,
    Promise,
    SessionTable,
    Settled,
    SlotTaken,
)
from tests.embedded import Embedded
from tests.fakes.clock import FakeClock
from tests.fakes.session_table import FakeSessionTable

pytestmark = pytest.mark.aws
LIFE = Lifetime(entries=1000, passing=100)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["fake", "dynamo"])
def table(request: pytest.FixtureRequest, clock: FakeClock) -> SessionTable:
    if request.param == "fake":
        return FakeSessionTable(clock)
    embedded: Embedded = request.getfixturevalue("embedded")
    return DynamoSessions(embedded.aws, embedded.outputs["SessionsTable"], clock)


@pytest.fixture
def session_id() -> str:
    return str(uuid.uuid4())


def entry(number: int, clock: FakeClock, body: Any = None, writer: str = "a") -> Entry:
    return Entry(number, clock.now(), f"{writer}.{number}", body or User(f"message {number}"))


def head(session_id: str, clock: FakeClock, born: int = 1, **more: Any) -> Head:
    return Head(session_id, f"{born:08x}", born, born, clock.now(), clock.now(), **more)


async def begin(table: SessionTable, session_id: str, clock: FakeClock, entries: int = 1, **more: Any) -> Head:
    first = head(session_id, clock, **more)
    await table.put(session_id, entry(1, clock), Beside(new_head=NewHead(first)), LIFE)
    for number in range(2, entries + 1):
        await table.put(session_id, entry(number, clock), Beside(), LIFE)
    return first


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


async def test_the_end_of_a_turn_is_told_to_its_own_head_only(
    table: SessionTable, session_id: str, clock: FakeClock
) -> None:
    first = await begin(table, session_id, clock)
    await table.settle(session_id, Settled(born=1, last=5, updated=clock.now() + 9, lifetime=LIFE))
    assert (await table.newest(session_id)).head == replace(first, last=5, updated=clock.now() + 9)
    await table.settle(session_id, Settled(born=1, last=4, updated=0, lifetime=LIFE))
    await table.settle(session_id, Settled(born=2, last=9, updated=0, lifetime=LIFE))
    found = (await table.newest(session_id)).head
    assert found is not None
    assert found.last == 5


async def test_a_wallets_sessions_are_listed_newest_first(table: SessionTable, clock: FakeClock) -> None:
    wallet, ids = f"0x{uuid.uuid4().hex}", [str(uuid.uuid4()) for _ in range(3)]
    for each in ids:
        await begin(table, each, clock, wallet=wallet)
        clock.forward(1)
    await table.put(ids[1], entry(2, clock), Beside(head_change=HeadChange(1, {"wallet": None})), LIFE)
    assert [listed.session_id for listed in await table.of_wallet(wallet)] == [ids[2], ids[0]]
    assert list(await table.of_wallet("0xnobody")) == []


async def test_an_owners_sessions_are_noted_newest_first(table: SessionTable, clock: FakeClock) -> None:
    owner, ids = owner_name(f"0x{uuid.uuid4().hex}", "shop"), [str(uuid.uuid4()) for _ in range(4)]
    made = [await begin(table, each, clock, owner=owner, title=f"Title {place}") for place, each in enumerate(ids)]
    clock.forward(1)
    newest = await begin(table, str(uuid.uuid4()), clock, owner=owner, gist="About kites", gist_at=clock.now())
    await table.put(ids[1], entry(2, clock), Beside(head_change=HeadChange(1, {"owner": None})), LIFE)
    await table.put(ids[2], entry(2, clock), Beside(head_change=HeadChange(1, {"archived": True})), LIFE)
    noted = [Noted(newest.session_id, "New chat", newest.created, "About kites")]
    noted += [Noted(each.session_id, each.title, each.created) for each in (made[3], made[0])]
    found = list(await table.of_owner(owner, 5))
    assert found[0] == noted[0]
    assert sorted(found[1:], key=lambda each: each.title) == sorted(noted[1:], key=lambda each: each.title)
    assert list(await table.of_owner(owner, 1)) == noted[:1]
    assert list(await table.of_owner(owner_name("0xnobody", "shop"), 5)) == []


async def test_as_many_sessions_are_noted_as_were_asked_for_though_newer_ones_are_archived(
    table: SessionTable, clock: FakeClock
) -> None:
    owner = owner_name(f"0x{uuid.uuid4().hex}", "shop")
    first = await begin(table, str(uuid.uuid4()), clock, owner=owner)
    for _ in range(9):
        clock.forward(1)
        await begin(table, str(uuid.uuid4()), clock, owner=owner, archived=True)
    assert [each.session_id for each in await table.of_owner(owner, 2)] == [first.session_id]


async def test_a_session_is_noted_as_long_as_what_was_said_is_kept(table: SessionTable, clock: FakeClock) -> None:
    owner, session_id = owner_name(f"0x{uuid.uuid4().hex}", "shop"), str(uuid.uuid4())
    await begin(table, session_id, clock, owner=owner, days=2)
    clock.forward(DAY)
    gist = {"gist": "About kites", "gist_at": clock.now()}
    await table.put(session_id, entry(2, clock), Beside(head_change=HeadChange(1, gist)), LIFE)
    clock.forward(2 * DAY - 1)
    assert [each.gist for each in await table.of_owner(owner, 5)] == ["About kites"]
    clock.forward(1)
    assert list(await table.of_owner(owner, 5)) == []


async def test_a_head_is_told_what_its_session_is_about(table: SessionTable, session_id: str, clock: FakeClock) -> None:
    first = await begin(table, session_id, clock)
    for born, gist in ((1, Gist("Birds", 7)), (1, Gist("Kites", 7)), (1, Gist("Older", 6)), (2, Gist("Another's", 9))):
        await table.tell(session_id, born, gist)
    assert (await table.newest(session_id)).head == replace(first, gist="Kites", gist_at=7)
    await table.tell(str(uuid.uuid4()), 1, Gist("Nobody's", 9))


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


def summary(upto: int, born: int = 1, text: str = "so far") -> Summary:
    return Summary(born, upto, f"{text}, up to {upto}")


async def kept(table: SessionTable, session_id: str) -> Summary | None:
    """The summary, as the read of a window brings it."""
    return (await table.newest(session_id)).summary


async def test_a_summary_comes_with_the_window(table: SessionTable, session_id: str, clock: FakeClock) -> None:
    await begin(table, session_id, clock, entries=3)
    assert await kept(table, session_id) is None
    whole = Summary(1, 2, "é" * (MOST_BYTES // 2))
    await table.keep_summary(session_id, whole, clock.now() // 1000 + 500)
    assert await kept(table, session_id) == whole
    assert (await table.newest(session_id, after=3)).summary == whole
    assert (await table.newest(session_id, before=3)).summary is None


async def test_a_summary_gives_way_only_to_one_that_goes_further(
    table: SessionTable, session_id: str, clock: FakeClock
) -> None:
    await begin(table, session_id, clock)
    expires = clock.now() // 1000 + 500
    for upto in (8, 5, 8, 12, 8):
        await table.keep_summary(session_id, summary(upto), expires)
    await table.keep_summary(session_id, summary(12, text="another"), expires)
    assert await kept(table, session_id) == summary(12)


async def test_an_expired_summary_counts_as_absent(table: SessionTable, session_id: str, clock: FakeClock) -> None:
    await begin(table, session_id, clock)
    await table.keep_summary(session_id, summary(8), clock.now() // 1000 + 100)
    clock.forward(101)
    assert await kept(table, session_id) is None
    await table.keep_summary(session_id, summary(4), clock.now() // 1000 + 100)
    assert await kept(table, session_id) == summary(4)


async def test_a_session_made_again_has_no_summary_of_the_old_one_and_the_old_one_gives_way(
    table: SessionTable, session_id: str, clock: FakeClock
) -> None:
    await begin(table, session_id, clock)
    expires = clock.now() // 1000 + 500
    await table.keep_summary(session_id, summary(1), expires)
    await table.put(session_id, entry(2, clock, Deleted()), Beside(), LIFE)
    again = NewHead(head(session_id, clock, born=3), instead_of=1)
    await table.put(session_id, entry(3, clock), Beside(new_head=again), LIFE)
    reading = await table.newest(session_id)
    assert own(reading.summary, reading.head) is None
    await table.keep_summary(session_id, summary(3, born=3), expires)
    await table.keep_summary(session_id, summary(99, born=1), expires)
    assert await kept(table, session_id) == summary(3, born=3)


async def test_a_purge_removes_the_summary_of_what_was_deleted_and_no_other(
    table: SessionTable, session_id: str, clock: FakeClock
) -> None:
    await begin(table, session_id, clock)
    expires = clock.now() // 1000 + 500
    await table.keep_summary(session_id, summary(1), expires)
    await table.put(session_id, entry(2, clock, Deleted()), Beside(), LIFE)
    await table.purge(session_id, 2)
    assert await kept(table, session_id) is None
    await table.put(session_id, entry(3, clock), Beside(new_head=NewHead(head(session_id, clock, 3))), LIFE)
    await table.keep_summary(session_id, summary(1), expires)  # by a job that had begun before the deletion
    await table.purge(session_id, 2)
    assert await kept(table, session_id) is None
    await table.keep_summary(session_id, summary(3, born=3), expires)
    await table.purge(session_id, 2)
    assert await kept(table, session_id) == summary(3, born=3)
