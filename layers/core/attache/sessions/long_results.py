"""Tool results that are kept beside the log, because an entry has room for a part of them only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from attache.cache import TimedCache
from attache.clock import Clock
from attache.errors import Unavailable
from attache.sessions.blobs import Blobs
from attache.sessions.entries import Entry, results_of
from attache.sessions.head import Head

KEPT_SECONDS = 600
MOST = 32  # that a container keeps, and that a snapshot could show


class LongResults:
    """Reads long results, and remembers those read last."""

    def __init__(self, blobs: Blobs, clock: Clock) -> None:
        self._blobs = blobs
        self._clock = clock
        self._read: TimedCache[tuple[str, str], str] = TimedCache(clock, KEPT_SECONDS, MOST)

    async def newest(self, head: Head, entries: Iterable[Entry]) -> Mapping[str, str]:
        """The newest ones in these entries of the session, by call."""
        kept = [result.call_id for entry in entries for result in results_of(entry.body) if result.whole][-MOST:]
        texts = await asyncio.gather(*(self._one(head, call_id) for call_id in kept))
        return {call_id: text for call_id, text in zip(kept, texts, strict=True) if text is not None}

    async def _one(self, head: Head, call_id: str) -> str | None:
        """None where it is gone or cannot be had: the part in the log stands for it."""
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
