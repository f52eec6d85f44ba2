"""Tool results that are stored beside the log because they are too long for an entry."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping

from attache.cache import TimedCache
from attache.clock import Clock
from attache.errors import Unavailable
from attache.sessions.blobs import Blobs
from attache.sessions.entries import Entry, results_of
from attache.sessions.head import Head
from attache.sessions.log import SessionLog

logger = logging.getLogger(__name__)

KEPT_SECONDS = 600
MOST = 32  # results that a container caches, and that a snapshot shows in full


async def keep_whole(blobs: Blobs, log: SessionLog, call_id: str, whole: str | None) -> bool:
    """Store a text that is too long. Never fails: a partial result is better than a failed turn.

    It has this writer's name: one that has lost its turn, and does not know yet, leaves its successor's text alone.
    """
    if whole is None:
        return False
    try:
        await blobs.put(log.session_id, log.living.tag, _name(call_id, log.writer), whole)
    except Unavailable:
        logger.warning("a long result was not kept whole", extra={"tag": log.tag})
        return False
    return True


def _name(call_id: str, writer: str) -> str:
    return f"{call_id}.{writer}"


class LongResults:
    """Reads long results, and caches those read last."""

    def __init__(self, blobs: Blobs, clock: Clock) -> None:
        self._blobs = blobs
        self._clock = clock
        self._read: TimedCache[tuple[str, str], str] = TimedCache(clock, KEPT_SECONDS, MOST)

    async def newest(self, head: Head, entries: Iterable[Entry]) -> Mapping[str, str]:
        """The newest long results in these entries, by the id of the message that shows them."""
        kept = [
            (head.id_of_result(entry.number, result.call_id), _name(result.call_id, entry.writer))
            for entry in entries
            for result in results_of(entry.body)
            if result.whole
        ][-MOST:]
        texts = await asyncio.gather(*(self._one(head, name) for _, name in kept))
        return {message: text for (message, _), text in zip(kept, texts, strict=True) if text is not None}

    async def _one(self, head: Head, name: str) -> str | None:
        """The result, or None if it is gone or cannot be read: the part in the log is shown instead."""
        place = (head.tag, name)
        if known := self._read.get(place):
            return known.value
        try:
            text = await self._blobs.get(head.session_id, *place)
        except Unavailable:
            return None
        if text is not None:
            self._read.put(place, text, self._clock.now())
        return text
