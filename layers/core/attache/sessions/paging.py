"""Paging back: the entries from which a snapshot shows the messages before a given one.

Ids contain entry numbers, so reading starts at that message: a page costs the same however old it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attache.errors import BadInput
from attache.sessions.entries import Entry, Turn
from attache.sessions.head import Head
from attache.sessions.history import Part, TurnMade, Unanswered, conversation
from attache.sessions.log import SessionLog
from attache.sessions.snapshot import MOST_BYTES, ids_of
from attache.sessions.table import FIRST_LOOK, WINDOW, SessionTable

MOST_WEIGHT = 2 * MOST_BYTES  # of the entries of a snapshot: some show less than they weigh


@dataclass(frozen=True)
class Stretch:
    """Consecutive entries of a log, but for expired ones. `complete`: nothing is older."""

    entries: tuple[Entry, ...]
    complete: bool


def weight_of(entries: Sequence[Entry]) -> int:
    return sum(entry.weight for entry in entries)


async def stretch_before(table: SessionTable, log: SessionLog, before: str) -> Stretch:
    """The entries for a snapshot of everything before that message; empty if they have expired.

    Raises BadInput if the session has no such message.
    """
    number = log.living.number_of(before)
    if number is None or not log.living.born <= number <= log.view.last:
        raise _unknown(before)
    below = await _below(table, log, number)
    above = await _above(table, log, before, number, below.entries)
    entries = below.entries + above
    if _part_of(log.living, entries, before) is None:
        if below.entries:
            raise _unknown(before)
        return Stretch((), complete=True)
    return Stretch(entries, below.complete)


def in_front(entries: Sequence[Entry], number: int) -> list[Entry]:
    """The entries before entry `number`; a message that had to wait counts from where its turn began."""
    turns = (entry.number for entry in entries if isinstance(entry.body, Turn) and entry.body.begins(number))
    place = next(turns, number)
    return [entry for entry in entries if entry.number <= place]


async def _below(table: SessionTable, log: SessionLog, number: int) -> Stretch:
    """Entries below `number`, as many as a snapshot may show; those in `log` are not read again."""
    entries = tuple(entry for entry in log.entries if entry.number < number)
    complete = log.known.complete
    while not complete and weight_of(entries) <= MOST_WEIGHT:
        older = await table.newest(log.session_id, before=entries[0].number if entries else number)
        living = tuple(entry for entry in older.entries if entry.number >= log.living.born)
        entries, complete = living + entries, older.complete or len(living) < len(older.entries)
    return Stretch(entries, complete)


async def _above(
    table: SessionTable, log: SessionLog, before: str, number: int, below: tuple[Entry, ...]
) -> tuple[Entry, ...]:
    """Entries from `number` on, until it is known what comes before the message."""
    rest = tuple(entry for entry in log.entries if entry.number >= number)
    if len(rest) < len(log.entries):
        return rest
    above: tuple[Entry, ...] = ()
    limit, top = FIRST_LOOK, number - 1
    while not rest or top + 1 < rest[0].number:
        if above and _settled(log.living, below + above, before):
            return above
        newer = [
            entry
            for entry in await table.since(log.session_id, top, limit)
            if not rest or entry.number < rest[0].number
        ]
        if not newer:
            break
        above, top, limit = (*above, *newer), newer[-1].number, WINDOW
    return above + rest


def _settled(head: Head, entries: Sequence[Entry], before: str) -> bool:
    """Whether more entries cannot change what comes before the message."""
    match _part_of(head, entries, before):
        case Unanswered(withdrawn=withdrawn):
            return withdrawn is not None
        case TurnMade(cause=cause, end=None):
            return cause.number == head.number_of(before)
        case None:
            return all(part.end for part in conversation(entries) if isinstance(part, TurnMade))
    return True


def _part_of(head: Head, entries: Sequence[Entry], message: str) -> Part | None:
    return next((part for part in conversation(entries) if message in ids_of(head, part)), None)


def _unknown(before: str) -> BadInput:
    return BadInput(f"This session has no message {before[:40]!r} that `before` could name.")
