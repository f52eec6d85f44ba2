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

logger = logging.getLogger(__name__)

KEPT_SECONDS = 600
MOST = 32  # results that a container caches, and that a snapshot shows in full


async def keep_whole(blobs: Blobs, head: Head, call_id: str, whole: str | None) -> bool:
    """Store a text that is too long. Never fails: a partial result is better than a failed turn."""
    if whole is None:
        return False
    try:
        await blobs.put(head.session_id, head.tag, call_id, whole)
    except Unavailable:
        logger.warning("a long result was not kept whole", extra={"tag": head.tag})
        return False
    return True


class LongResults:
    """Reads long results, and caches those read last."""

    def __init__(self, blobs: Blobs, clock: Clock) -> None:
        self._blobs = blobs
        self._clock = clock
        self._read: TimedCache[tuple[str, str], str] = TimedCache(clock, KEPT_SECONDS, MOST)

    async def newest(self, head: Head, entries: Iterable[Entry]) -> Mapping[str, str]:
        """The newest long results in these entries, by the id of the message that shows them."""
        kept = [
            (head.id_of_result(entry.number, result.call_id), result.call_id)
            for entry in entries
            for result in results_of(entry.body)
            if result.whole
        ][-MOST:]
        texts = await asyncio.gather(*(self._one(head, call_id) for _, call_id in kept))
        return {message: text for (message, _), text in zip(kept, texts, strict=True) if text is not None}

    async def _one(self, head: Head, call_id: str) -> str | None:
        """The result, or None if it is gone or cannot be read: the part in the log is shown instead."""
        name = (head.tag, call_id)
        if known := self._read.get(name):
            return known.value
        try:
            text = await self._blobs.get(head.session_id, *name)
        except Unavailable:
            return None
        if text is not None:
            self._read.put(name, text, self._clock.now())
        return text
