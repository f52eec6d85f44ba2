"""After a turn: who runs what waits, who names the conversation, and who summarises what leaves its window."""

from __future__ import annotations

import logging

from attache.errors import Unavailable
from attache.sessions.changes import is_unnamed
from attache.sessions.entries import End, Entry, User
from attache.sessions.log import SessionLog
from attache.sessions.wakes import Wakeups
from attache.turns.summaries import Blocks, is_full
from attache.turns.timings import Timings
from attache.turns.window import unsummarized

logger = logging.getLogger(__name__)


async def wake_waiting(log: SessionLog, wakeups: Wakeups, timings: Timings) -> None:
    """Wake a worker for the first message that waits; later, where a stream's own function will take it.

    Never fails: a wake-up that is lost costs time, and the next request sends another (session-log.md).
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
    """Have the conversation named whose first answer has just ended. Never fails: what is lost is a title."""
    head, answers = log.living, [entry for entry in log.entries if _is_answered(entry)]
    if not is_unnamed(head, head.tag) or not log.known.complete or answers != [log.entries[-1]]:
        return
    try:
        await wakeups.title(log.session_id, head.tag)
    except Unavailable:
        logger.warning("a title was not asked for", extra={"tag": log.tag})


async def have_older_turns_summarized(log: SessionLog, wakeups: Wakeups, blocks: Blocks, *, crowded: bool) -> None:
    """Have the window cleared whose last turn has just ended, where it is full or `crowded`.

    Never fails: until it is done, the window goes on, and leaves out what it has no room for.
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
