"""What a reader knows of a session, and what each further reading makes of it. Nothing here reads or writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from attache.sessions.entries import Deleted, End, Entry, Event, OutcomeOf, Result, User
from attache.sessions.head import Head
from attache.sessions.summary import Summary, own
from attache.sessions.table import Reading
from attache.sessions.view import View, fold


@dataclass(frozen=True)
class Known:
    """What is known of a session up to `view.last`; kept between requests by a warm container.

    `complete`: there is nothing older than `entries`.
    """

    head: Head | None = None
    user_state: Mapping[str, Any] | None = None
    entries: tuple[Entry, ...] = ()
    view: View = field(default_factory=View)
    complete: bool = False
    summary: Summary | None = None

    def more(self, reading: Reading) -> Known:
        """After a reading of everything behind it."""
        view = fold(reading.entries, self.view)
        entries, summary = self.entries + reading.entries, own(reading.summary, reading.head)
        return _with_head(Known(reading.head, reading.user_state, entries, view, self.complete, summary))

    def followed(self, entries: tuple[Entry, ...]) -> Known:
        """After a look that brought these, and nothing of what is true of the session as a whole."""
        return self.more(Reading(self.head, self.user_state, entries, summary=self.summary))

    def reached(self, older: Reading) -> Known:
        """After a reading of what is just before it."""
        entries = _living(older.entries, self.head) + self.entries
        return replace(self, entries=entries, complete=older.complete or len(entries) == len(self.entries))

    def is_of_another(self, head: Head | None) -> bool:
        """Whether `head` is that of another session of the same id."""
        return (head.born if head else None) != (self.head.born if self.head else None)


def opened(reading: Reading) -> Known:
    """What a reading without anything known before it shows."""
    entries = _living(reading.entries, reading.head)
    complete = reading.complete or len(entries) < len(reading.entries)
    summary = own(reading.summary, reading.head)
    return _with_head(Known(reading.head, reading.user_state, entries, fold(entries), complete, summary))


def grounds(entries: tuple[Entry, ...]) -> bool:
    """Whether a fold may begin with these: they hold an `end`, and what waits."""
    waiting = fold(entries).waiting
    return ends_before(entries, entries[-1].number) and (not waiting or waiting[0] >= entries[0].number)


def ends_before(entries: Iterable[Entry], number: int) -> bool:
    """Whether a fold up to entry `number` may begin in these: it may at any `end`."""
    return any(entry.number <= number and isinstance(entry.body, End | Deleted) for entry in entries)


def dense(entries: tuple[Entry, ...]) -> bool:
    return entries[-1].number - entries[0].number + 1 == len(entries)


def changes_meta(entries: Iterable[Entry]) -> bool:
    """Whether head or user state may have changed with these."""
    return any(
        isinstance(entry.body, Event | Deleted | User | OutcomeOf)
        or (isinstance(entry.body, Result) and entry.body.pending is not None)
        for entry in entries
    )


def _living(entries: tuple[Entry, ...], head: Head | None) -> tuple[Entry, ...]:
    """Without what belongs to an earlier session of the same id."""
    return tuple(entry for entry in entries if head is None or entry.number >= head.born)


def _with_head(known: Known) -> Known:
    """Head and view tell each other what only one of them knows.

    The next number follows the greatest of the newest slot and what head and summary know: entries expire before them.
    That a turn has ended is read in the log first, and a poll reads nothing else.
    """
    head, view = known.head, known.view
    if head is None:
        return known
    upto = known.summary.upto if known.summary else 0
    updated, last = max(head.updated, view.idle_since), max(view.last, head.last, upto)
    return replace(known, head=replace(head, updated=updated), view=replace(view, last=last))
