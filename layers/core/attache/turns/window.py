"""The window: the part of a conversation that a prompt contains in full.

It begins where the summary ends. If the summary lags behind, the oldest turns after it are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil

from attache.sessions.entries import End, Entry
from attache.sessions.history import Part, TurnMade, Unanswered, conversation, settled_by
from attache.sessions.log import SessionLog
from attache.sessions.summary import Summary
from attache.sessions.table import WINDOW

MESSAGES = 40  # of user and assistant, at most
EARLIER = MESSAGES - 2  # beside the turn that is to be answered
MARGIN = 1.25  # for turns that differ: some entries too many cost less than another round trip


def window(entries: Iterable[Entry], summary: Summary | None) -> list[Part]:
    """The parts for a prompt: whole turns after the summary, at most 40 messages, but always the running turn."""
    parts = unsummarized(entries, summary)
    running = (place for place, part in enumerate(parts) if isinstance(part, TurnMade) and part.end is None)
    return parts[min(len(parts) - len(newest(parts, MESSAGES)), *running, len(parts)) :]


def unsummarized(entries: Iterable[Entry], summary: Summary | None) -> list[Part]:
    """The parts that ended after the summary, and the running turn; without waiting messages."""
    upto = summary.upto if summary else 0
    parts = [part for part in conversation(entries) if not isinstance(part, Unanswered) or part.withdrawn]
    return [part for part in parts if (settled_by(part) or upto + 1) > upto]


def newest(parts: Sequence[Part], messages: int) -> list[Part]:
    """The newest parts with at most so many messages; always the last one."""
    kept, counted = len(parts), 0
    for part in reversed(parts):
        counted += messages_of(part)
        if counted > messages and kept < len(parts):
            break
        kept -= 1
    return list(parts[kept:])


def messages_of(part: Part) -> int:
    return 2 if isinstance(part, TurnMade) else 1


async def reach_window(log: SessionLog) -> None:
    """Read back until the log holds a window."""
    await log.reach_back(
        lambda entries: fills_window(entries, log.known.summary) or meets(entries, log.known.summary),
        lambda entries: missing_from_window(entries, log.known.summary),
    )


async def reach_summary(log: SessionLog) -> None:
    """Read back until the log holds everything that is in no summary."""
    await log.reach_back(lambda entries: meets(entries, log.known.summary))


def fills_window(entries: tuple[Entry, ...], summary: Summary | None = None) -> bool:
    """Whether `entries` hold a full window before the turn that is to be answered."""
    return _settled(entries, summary) >= EARLIER


def meets(entries: tuple[Entry, ...], summary: Summary | None) -> bool:
    """Whether `entries` hold everything that the summary does not cover, and what waited where it ends."""
    if summary is None or not entries or entries[0].number > summary.upto:
        return False
    end = next((entry.body for entry in entries if entry.number == summary.upto), None)
    waiting = end.waiting if isinstance(end, End) else ()
    return entries[0].number <= min(waiting, default=summary.upto)


def missing_from_window(entries: tuple[Entry, ...], summary: Summary | None = None) -> int:
    """About how many older entries a full window needs, if older turns are like these; at most a page."""
    behind = entries[0].number - summary.upto if summary and entries else WINDOW
    ends = [place for place, entry in enumerate(entries) if isinstance(entry.body, End)]
    if len(ends) < 2:
        return WINDOW
    of_a_turn = (ends[-1] - ends[0]) / (len(ends) - 1)
    guess = ceil(MARGIN * EARLIER / 2 * of_a_turn) - (ends[-1] + 1)
    return min(max(guess, ceil(of_a_turn)), WINDOW, behind if behind > 0 else WINDOW)


def _settled(entries: tuple[Entry, ...], summary: Summary | None) -> int:
    return sum(messages_of(part) for part in unsummarized(entries, summary) if settled_by(part))
