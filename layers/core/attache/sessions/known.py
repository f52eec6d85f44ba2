"""What a reader knows of a session, and how each reading extends it. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from attache.sessions.entries import Deleted, End, Entry, Event, OutcomeOf, Result, User
from attache.sessions.head import Head
from attache.sessions.summary import Summary, own
from attache.sessions.table import Lasting, Reading
from attache.sessions.view import View, fold


@dataclass(frozen=True)
class Known:
    """What is known of a session up to `view.last`; warm containers keep it between requests.

    `complete`: there is nothing older than `entries`. `expires`: when user state and summary do (seconds since 1970).
    """

    head: Head | None = None
    user_state: Mapping[str, Any] | None = None
    entries: tuple[Entry, ...] = ()
    view: View = field(default_factory=View)
    complete: bool = False
    summary: Summary | None = None
    expires: Mapping[Lasting, int] = field(default_factory=dict)

    def more(self, reading: Reading) -> Known:
        """Extended by a reading of everything newer."""
        view = fold(reading.entries, self.view)
        entries, summary = self.entries + reading.entries, own(reading.summary, reading.head)
        known = Known(reading.head, reading.user_state, entries, view, self.complete, summary, reading.expires)
        return _with_head(known)

    def followed(self, entries: tuple[Entry, ...]) -> Known:
        """Extended by newer entries that change neither head, user state nor summary."""
        return self.more(Reading(self.head, self.user_state, entries, summary=self.summary, expires=self.expires))

    def reached(self, older: Reading) -> Known:
        """Extended by a reading of what is just before it."""
        entries = _living(older.entries, self.head) + self.entries
        return replace(self, entries=entries, complete=older.complete or len(entries) == len(self.entries))

    def fading(self, before: int) -> Mapping[Lasting, int]:
        """When user state and summary expire, as far as that is before this time (seconds since 1970)."""
        there: Mapping[Lasting, Any] = {"user_state": self.user_state, "summary": self.summary}
        return {kept: at for kept, at in self.expires.items() if at < before and there[kept] is not None}

    def is_of_another(self, head: Head | None) -> bool:
        """Whether `head` belongs to another session of the same id."""
        return (head.born if head else None) != (self.head.born if self.head else None)


def opened(reading: Reading) -> Known:
    """What the first reading of a session shows."""
    entries = _living(reading.entries, reading.head)
    complete = reading.complete or len(entries) < len(reading.entries)
    summary = own(reading.summary, reading.head)
    known = Known(reading.head, reading.user_state, entries, fold(entries), complete, summary, reading.expires)
    return _with_head(known)


def grounds(entries: tuple[Entry, ...]) -> bool:
    """Whether a fold may begin with these: they hold an `end`, and every waiting message."""
    waiting = fold(entries).waiting
    return ends_before(entries, entries[-1].number) and (not waiting or waiting[0] >= entries[0].number)


def ends_before(entries: Iterable[Entry], number: int) -> bool:
    """Whether there is an `end` up to entry `number`, so that a fold up to there may begin in these."""
    return any(entry.number <= number and isinstance(entry.body, End | Deleted) for entry in entries)


def dense(entries: tuple[Entry, ...]) -> bool:
    return entries[-1].number - entries[0].number + 1 == len(entries)


def changes_meta(entries: Iterable[Entry]) -> bool:
    """Whether these entries may have changed head or user state."""
    return any(
        isinstance(entry.body, Event | Deleted | User | OutcomeOf)
        or (isinstance(entry.body, Result) and entry.body.pending is not None)
        for entry in entries
    )


def _living(entries: tuple[Entry, ...], head: Head | None) -> tuple[Entry, ...]:
    """The entries without those of an earlier session of the same id."""
    return tuple(entry for entry in entries if head is None or entry.number >= head.born)


def _with_head(known: Known) -> Known:
    """Bring head and view up to date with each other.

    Entries expire before head and summary, so the next number follows the greatest that any of them has. The end of a
    turn is in the log before it is in the head, and a poll reads only the log.
    """
    head, view = known.head, known.view
    if head is None:
        return known
    upto = known.summary.upto if known.summary else 0
    updated, last = max(head.updated, view.idle_since), max(view.last, head.last, upto)
    return replace(known, head=replace(head, updated=updated), view=replace(view, last=last))
