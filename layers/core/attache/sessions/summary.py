"""The summary of a conversation's older turns, which have left the window."""

from __future__ import annotations

from dataclasses import dataclass

from attache.sessions.head import Head

MOST_BYTES = 6_000  # of the text, so that the item is well under 8 KB (session-log.md, "Items")


@dataclass(frozen=True)
class Summary:
    """What was said up to entry `upto` of the session born at `born`, in words.

    It covers everything that had ended by that entry: turns, withdrawn messages and system messages.
    """

    born: int
    upto: int
    text: str


def own(summary: Summary | None, head: Head | None) -> Summary | None:
    """The summary if it belongs to the session with this head, not to an earlier one of the same id; else None."""
    return summary if summary and head and summary.born == head.born else None
