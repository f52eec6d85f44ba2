"""Checking app keys: every request that sends one passes here."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from attache.apps.apps import DEFAULT_APP
from attache.cache import TimedCache
from attache.clock import Clock
from attache.errors import Forbidden, Unauthenticated
from attache.keys.key import KeyRecord, key_id, looks_like_key
from attache.keys.key_store import KeyStore

FRESH_SECONDS = 60  # how long a revocation may go unseen
UNKNOWN_SECONDS = 5
MOST_KEPT = 1_000
USE_NOTED_EVERY = 60_000  # milliseconds

logger = logging.getLogger(__name__)


class Keys:
    """Checks app keys, with a cache; `settle` waits for what the checks left running."""

    def __init__(self, store: KeyStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: TimedCache[str, KeyRecord] = TimedCache(clock, FRESH_SECONDS, MOST_KEPT)
        # apart, so that a flood of invalid keys evicts no valid one
        self._unknown: TimedCache[str, None] = TimedCache(clock, UNKNOWN_SECONDS, MOST_KEPT)
        self._noting: set[asyncio.Task[None]] = set()

    async def authorize(self, key: str | None, app: str) -> KeyRecord | None:
        """The key, if it is valid for this app; None for the default app without a key, which needs none.

        Raises Unauthenticated if the key is missing, unknown, expired or revoked, Forbidden if it is for other apps.
        """
        if not key and app != DEFAULT_APP:
            raise Unauthenticated(f"The app {app!r} needs a key: send it as AOMI-APP-KEY or X-API-Key.")
        return await self.check(key, app)

    async def check(self, key: str | None, app: str | None = None) -> KeyRecord | None:
        """The key if one was sent, else None; it must be valid, and valid for `app` if given. Raises as `authorize`."""
        if not key:
            return None
        record = await self._find(key)
        if record is None or record.status(self._clock.now()) != "active":
            raise Unauthenticated("This key is unknown, expired or revoked.")
        if app is not None and app != DEFAULT_APP and app not in record.apps:
            raise Forbidden(f"This key does not authorize the app {app!r}.")
        return record

    async def settle(self) -> None:
        """Wait until uses are noted. Await it before a response's last byte: nothing runs after that. Never fails."""
        await asyncio.gather(*self._noting, return_exceptions=True)

    async def _find(self, key: str) -> KeyRecord | None:
        if not looks_like_key(key):
            return None
        key_hash = key_id(key)
        if kept := self._known.get(key_hash):
            return kept.value
        if self._unknown.get(key_hash):
            return None
        return await self._read(key_hash)

    async def _read(self, key_hash: str) -> KeyRecord | None:
        asked = self._clock.now()
        record = await self._store.find(key_hash)
        if record is None:
            self._unknown.put(key_hash, None, asked)
            return None
        self._known.put(key_hash, record, asked)
        if record.status(asked) == "active":
            self._note_use(record, asked)
        return record

    def _note_use(self, record: KeyRecord, now: int) -> None:
        """Note a use when a key is read, so at most once in `FRESH_SECONDS` per container."""
        if record.last_used is not None and now < record.last_used + USE_NOTED_EVERY:
            return
        task = asyncio.create_task(self._store.used(record.id, now, unless_after=now - USE_NOTED_EVERY))
        self._noting.add(task)
        task.add_done_callback(partial(self._noted, record.prefix))

    def _noted(self, prefix: str, task: asyncio.Task[None]) -> None:
        self._noting.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.warning("The use of key %s… was not noted: %s", prefix, error)
