"""Sessions and entries, for tests of session tables."""

from __future__ import annotations

from typing import Any

from attache.sessions.entries import Entry, User
from attache.sessions.head import Head, Lifetime
from attache.sessions.table import (
    Beside,
    NewHead,
    SessionTable,
)
from tests.fakes.clock import FakeClock

LIFE = Lifetime(entries=1000, passing=100)


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
