"""Taking a turn: who may, when, and the guard that is sent before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from attache.clock import Clock
from attache.errors import Unavailable
from attache.sessions.entries import OutcomeOf, Turn, User
from attache.sessions.log import Decision, SessionLog, Wanted
from attache.sessions.view import Running, View
from attache.sessions.wakes import Wakeups
from attache.turns.timings import Timings


class NotToBeTaken(Exception):
    """Nothing is to be done here, or another does it."""


def is_dead(running: Running, now: int, timings: Timings) -> bool:
    """The runner has given no sign of life for so long that others take over."""
    return now - running.seen > timings.dead * 1000


def has_been_idle(view: View, now: int, timings: Timings) -> bool:
    """Nothing has run for a while: whoever was to take what waits has not."""
    return view.running is None and now - view.idle_since >= timings.idle * 1000


def take_first(log: SessionLog, of: int | None = None) -> Wanted:
    """Take the first message that waits, where nothing runs; only if it is `of`, where that is given."""
    waiting = log.view.waiting
    if log.head is None or log.view.running is not None or not waiting or of not in (None, waiting[0]):
        raise NotToBeTaken
    cause = log.entry(waiting[0])
    outcome = cause is not None and isinstance(cause.body, OutcomeOf)
    return Wanted(Turn(waiting[0], log.writer, "outcome" if outcome else "waiting"))


def take_over(why: Literal["takeover", "hand-over"], may: Callable[[Running], bool]) -> Decision:
    """Take the running turn from its runner, where `may` says so."""

    def decide(log: SessionLog) -> Wanted:
        running = log.view.running
        if log.head is None or running is None or not may(running):
            raise NotToBeTaken
        return Wanted(Turn(running.turn, log.writer, why))

    return decide


async def guard_again(log: SessionLog, wakeups: Wakeups, sent: int, clock: Clock, timings: Timings) -> None:
    """After an append whose guard was sent at `sent`: a process that stood still between them needs another.

    The first one may have come before there was anything to guard. Never fails: the append stands.
    """
    if clock.now() - sent >= timings.guard * 1000:
        with suppress(Unavailable):
            await wakeups.guard(log.session_id, log.writer, delay=timings.guard)


def left_to_a_stream(log: SessionLog) -> bool:
    """Whether the first message that waits has a stream behind it, whose function takes it when it is free."""
    first = log.entry(log.view.waiting[0]) if log.view.waiting else None
    return first is not None and isinstance(first.body, User) and first.body.streamed
