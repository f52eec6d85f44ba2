"""What is kept of a conversation's older turns when they have left the window."""

from __future__ import annotations

from dataclasses import dataclass

from attache.sessions.head import Head

MOST_BYTES = 6_000  # of a text, so that the item is well under 8 KB (session-log.md, "Items")


@dataclass(frozen=True)
class Summary:
    """In words, what was said up to entry `upto` of the session born at `born`.

    It covers what had come to its end by that entry: turns, withdrawn messages and system messages.
    """

    born: int
    upto: int
    text: str


def own(summary: Summary | None, head: Head | None) -> Summary | None:
    """The summary, if it is that of the session with this head, and not of an earlier one of the same id."""
    return summary if summary and head and summary.born == head.born else None
