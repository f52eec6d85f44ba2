"""After a turn: wake-ups for the next message, for the title and for a summary."""

from __future__ import annotations

import logging

from attache.errors import Unavailable
from attache.sessions.changes import is_unnamed
from attache.sessions.entries import End, Entry, User
from attache.sessions.log import SessionLog
from attache.sessions.wakes import Wakeups
from attache.turns.summaries import Blocks, is_full
from attache.turns.timings import Timings
from attache.turns.titles import exchanges
from attache.turns.window import unsummarized

logger = logging.getLogger(__name__)

NAMED_WITHIN = 120_000  # milliseconds from an answer: its title was asked for, and may still come


async def wake_waiting(log: SessionLog, wakeups: Wakeups, timings: Timings) -> None:
    """Wake a worker for the first waiting message; with a delay if a stream's own function will take it.

    Never fails: a lost wake-up costs time, and the next request sends another (session-log.md).
    """
    if not log.view.waiting:
        return
    first = log.entry(log.view.waiting[0])
    streamed = first is not None and isinstance(first.body, User) and first.body.streamed
    try:
        await wakeups.wake(log.session_id, delay=timings.idle if streamed else 0)
    except Unavailable:
        logger.warning("a wake-up was not sent", extra={"tag": log.tag})


async def have_first_answer_named(log: SessionLog, wakeups: Wakeups) -> None:
    """Ask for a title after the session's first answer, and after a later one if nothing has come of that.

    Never fails: the next answer asks again.
    """
    head, last = log.living, log.entries[-1]
    if not is_unnamed(head, head.tag) or not log.known.complete:
        return
    ends = {exchange.end for exchange in exchanges(log.entries)}
    lately = [entry.number for entry in log.entries if entry.number in ends and last.at - entry.at < NAMED_WITHIN]
    if lately != [last.number]:
        return
    try:
        await wakeups.title(log.session_id, head.tag)
    except Unavailable:
        logger.warning("a title was not asked for", extra={"tag": log.tag})


async def have_older_turns_summarized(log: SessionLog, wakeups: Wakeups, blocks: Blocks, *, crowded: bool) -> None:
    """Ask for a summary if the window is full or the prompt is `crowded`.

    Never fails: until there is a summary, the prompt leaves out the oldest turns.
    """
    full = crowded or is_full(unsummarized(log.entries, log.known.summary), blocks)
    if not full or not _is_answered(log.entries[-1]):
        return
    try:
        await wakeups.summarize(log.session_id, log.living.tag)
    except Unavailable:
        logger.warning("a summary was not asked for", extra={"tag": log.tag})


def _is_answered(entry: Entry) -> bool:
    return isinstance(entry.body, End) and entry.body.status == "done"
