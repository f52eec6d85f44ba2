"""The operator's keys for model providers, where they are kept outside of the process: read when they are needed."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Protocol

from attache.cache import TimedCache
from attache.clock import Clock
from attache.errors import Unavailable

FRESH_SECONDS = 300  # how long a replaced key may still be used
MISSING_SECONDS = 5  # how soon a new key is seen

log = logging.getLogger(__name__)


class ProviderKeyStore(Protocol):
    """Where the operator's keys are kept, by provider."""

    async def read(self, provider: str) -> str | None:
        """The key in the clear, None where there is none. Raises Unavailable."""
        ...

    async def present(self, providers: Collection[str]) -> frozenset[str]:
        """Those of the providers that have a key; nothing is opened for it. Raises Unavailable."""
        ...


class ProviderKeys:
    """A store's keys, remembered for a short while. Where it does not answer, what it said last still counts."""

    def __init__(self, store: ProviderKeyStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._fresh: TimedCache[str, str | None] = TimedCache(clock, FRESH_SECONDS, 100, absent=MISSING_SECONDS)
        self._last: dict[str, str | None] = {}

    async def of(self, provider: str) -> str | None:
        """The provider's key. Raises Unavailable."""
        kept = self._fresh.get(provider)
        return kept.value if kept else await self._read(provider)

    async def other_than(self, provider: str, refused: str) -> str | None:
        """The key that is kept now, where it is not the one that the provider refused. Raises Unavailable."""
        self._fresh.drop(provider)
        key = await self.of(provider)
        return None if key == refused else key

    async def _read(self, provider: str) -> str | None:
        asked = self._clock.now()
        try:
            key = await self._store.read(provider)
        except Unavailable:
            key = self._last.get(provider)
            if key is None:
                raise
            log.warning("the key of %s could not be read; the one that was read before is used", provider)
        self._last[provider] = key
        self._fresh.put(provider, key, asked)
        return key


class KnownProviders:
    """Which providers have a key, remembered for a short while; nobody fails because that cannot be said."""

    def __init__(self, store: ProviderKeyStore, providers: Collection[str], clock: Clock) -> None:
        self._store = store
        self._providers = providers
        self._clock = clock
        self._some: TimedCache[None, frozenset[str] | None] = TimedCache(
            clock, FRESH_SECONDS, 1, absent=MISSING_SECONDS
        )

    async def now(self) -> frozenset[str]:
        """The providers with a key, none where the store does not answer."""
        kept = self._some.get(None)
        return (kept.value if kept else await self._asked()) or frozenset()

    async def _asked(self) -> frozenset[str] | None:
        asked = self._clock.now()
        try:
            found = await self._store.present(self._providers)
        except Unavailable as error:
            log.warning("which providers have a key is not known: %s", error.message, exc_info=error.__cause__)
            found = frozenset()
        self._some.put(None, found or None, asked)
        return found
