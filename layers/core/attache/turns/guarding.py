"""A guard is sent before the entry it guards; if it does not find that entry, it looks again later.

Otherwise a turn would be lost whose runner paused for longer than its guard waited, and died right after it had
appended.
"""

from __future__ import annotations

from collections.abc import Sequence

from attache.sessions.entries import Entry
from attache.sessions.log import SessionLog
from attache.sessions.table import FIRST_LOOK
from attache.turns.timings import Timings
from attache.turns.wakeups import Guard

LATER = 4  # factor between two looks: three in all, also for a retried request that appends nothing


async def next_look(log: SessionLog, guard: Guard, now: int, timings: Timings) -> float | None:
    """Seconds until the guard looks for its entry again; None if the entry has come, or cannot come any more.

    `now` (ms) is a time before the log was read.
    """
    sent = guard.sent
    if sent is None or await _has_come(log, guard.runner, sent, int(timings.clocks * 1000)):
        return None
    age = max((now - sent) / 1000, timings.guard)
    return min((LATER - 1) * age, timings.longest - age) if age < timings.longest else None


async def _has_come(log: SessionLog, runner: str, sent: int, skew: int) -> bool:
    """Whether the runner has appended since it sent the guard."""

    def found(entries: Sequence[Entry]) -> bool:
        return any(entry.writer == runner and entry.at >= sent for entry in entries)

    await log.reach_back(lambda es: found(es) or bool(es and es[0].at < sent - skew), lambda _: FIRST_LOOK)
    return found(log.entries)
