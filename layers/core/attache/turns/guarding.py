"""A guard is sent before what it guards: one that does not find it looks again, for as long as it may still come.

So a turn whose runner stood still for longer than its guard waited, and died as soon as it had appended, does not lie.
"""

from __future__ import annotations

from collections.abc import Sequence

from attache.sessions.entries import Entry
from attache.sessions.log import SessionLog
from attache.sessions.table import FIRST_LOOK
from attache.turns.timings import Timings
from attache.turns.wakeups import Guard

LATER = 4  # times as long after it was sent: three looks in all, and a retried request that appends nothing costs them


async def next_look(log: SessionLog, guard: Guard, now: int, timings: Timings) -> float | None:
    """Seconds until a guard looks again for its entry; None where that has come, or will not any more.

    `now` (ms) is a time before the log was read.
    """
    sent = guard.sent
    if sent is None or await _has_come(log, guard.runner, sent, int(timings.clocks * 1000)):
        return None
    age = max((now - sent) / 1000, timings.guard)
    return min((LATER - 1) * age, timings.longest - age) if age < timings.longest else None


async def _has_come(log: SessionLog, runner: str, sent: int, skew: int) -> bool:
    """Whether the runner has appended since it sent this; what stands before an older entry was there before."""

    def found(entries: Sequence[Entry]) -> bool:
        return any(entry.writer == runner and entry.at >= sent for entry in entries)

    await log.reach_back(lambda es: found(es) or bool(es and es[0].at < sent - skew), lambda _: FIRST_LOOK)
    return found(log.entries)
