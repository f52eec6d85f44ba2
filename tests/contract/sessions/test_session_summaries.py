"""The contract of `SessionTable`: summaries."""

from __future__ import annotations

import pytest

from attache.sessions.entries import Deleted
from attache.sessions.summary import MOST_BYTES, Summary, own
from attache.sessions.table import (
    Beside,
    NewHead,
    SessionTable,
)
from tests.contract.sessions.sessions import LIFE, begin, entry, head
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.aws


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


async def test_a_summary_lives_on_if_it_expires_when_its_reader_saw(
    table: SessionTable, session_id: str, clock: FakeClock
) -> None:
    await begin(table, session_id, clock)
    expires = clock.now() // 1000 + 100
    await table.keep_summary(session_id, summary(8), expires)
    await table.renew(session_id, "summary", expires - 1, expires + 500)
    await table.renew(session_id, "summary", expires, expires + 50)
    clock.forward(149)
    reading = await table.newest(session_id)
    assert (reading.summary, reading.expires) == (summary(8), {"summary": expires + 50})
    clock.forward(1)
    assert await kept(table, session_id) is None
