"""Turns that nobody asked for: what a call came to begins a turn, and the calls of that turn may begin others.

A model that calls again whatever it is told would go on like that for ever, with nobody there who could stop it.
"""

from __future__ import annotations

from collections.abc import Iterable

from attache.sessions.entries import Entry, OutcomeOf
from attache.sessions.history import TurnMade, conversation
from attache.sessions.log import SessionLog

MOST = 10  # such turns, each begun by a call of the one before; the next one calls nothing


async def is_too_far_from_the_user(log: SessionLog, turn: int) -> bool:
    """Whether so many turns led to this one, whose cause has number `turn`, since the user did something."""
    cause = log.entry(turn)
    if cause is not None and not _called_at(cause):
        return False
    await log.reach_back(lambda entries: _followed(entries, turn) is not None)
    return _followed(log.entries, turn) == MOST


def _followed(entries: Iterable[Entry], turn: int) -> int | None:
    """How many turns led to this one, `MOST` at most; None if `entries` do not reach back so far."""
    turns = [part for part in conversation(entries) if isinstance(part, TurnMade)]
    begun = {part.cause.number: part for part in turns}
    called = {entry.number: part for part in turns for step in part.steps for entry, _ in step.results.values()}
    found = begun.get(turn)
    for count in range(MOST):
        if found is None:
            return None
        calls = _called_at(found.cause)
        if not calls:
            return count
        found = called.get(min(calls))
    return MOST


def _called_at(cause: Entry) -> tuple[int, ...]:
    """The entries of the calls whose outcome began a turn; none where the user did."""
    return cause.body.of if isinstance(cause.body, OutcomeOf) and cause.body.calls_back else ()
