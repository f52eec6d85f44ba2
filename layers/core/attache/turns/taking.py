"""Taking a turn: who may, when, and the guard that is sent first."""

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
    """There is nothing to take, or another runner has it."""


def is_dead(running: Running, now: int, timings: Timings) -> bool:
    """Whether the runner has given no sign of life for so long that others take over."""
    return now - running.seen > timings.dead * 1000


def has_been_idle(view: View, now: int, timings: Timings) -> bool:
    """Whether nothing has run for a while, so that a waiting message may be taken from its stream."""
    return view.running is None and now - view.idle_since >= timings.idle * 1000


def take_first(log: SessionLog, of: int | None = None) -> Wanted:
    """Take the first waiting message, if nothing runs; only if its number is `of`, if that is given."""
    waiting = log.view.waiting
    if log.head is None or log.view.running is not None or not waiting or of not in (None, waiting[0]):
        raise NotToBeTaken
    cause = log.entry(waiting[0])
    outcome = cause is not None and isinstance(cause.body, OutcomeOf)
    return Wanted(Turn(waiting[0], log.writer, "outcome" if outcome else "waiting"))


def take_over(why: Literal["takeover", "hand-over"], may: Callable[[Running], bool]) -> Decision:
    """The decision that takes the running turn from its runner, if `may` allows it."""

    def decide(log: SessionLog) -> Wanted:
        running = log.view.running
        if log.head is None or running is None or not may(running):
            raise NotToBeTaken
        return Wanted(Turn(running.turn, log.writer, why))

    return decide


async def guard_again(log: SessionLog, wakeups: Wakeups, sent: int, clock: Clock, timings: Timings) -> None:
    """Send another guard if so much time has passed since `sent` (ms) that the first may have come too early.

    Call it after the append that takes the turn. Never fails: the append stands.
    """
    if clock.now() - sent >= timings.guard * 1000:
        with suppress(Unavailable):
            await wakeups.guard(log.session_id, log.writer, delay=timings.guard)


def left_to_a_stream(log: SessionLog) -> bool:
    """Whether the first waiting message has a stream, whose function takes it when it is free."""
    first = log.entry(log.view.waiting[0]) if log.view.waiting else None
    return first is not None and isinstance(first.body, User) and first.body.streamed
