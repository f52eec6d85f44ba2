"""Every provider's models, through LiteLLM.

LiteLLM takes seconds to import, so it is imported by the first call or, before that, by `warm` in a thread.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from attache.errors import Unavailable
from attache.models.access import Access, ProviderAccess
from attache.models.catalogue import Catalogue, ModelEntry
from attache.models.httpx_calls import HttpxPools
from attache.models.litellm_errors import ProviderFailed, failed
from attache.models.litellm_import import import_litellm, is_imported
from attache.models.litellm_stream import LitellmStream, Silence
from attache.models.model import ModelEvent, ModelRequest, TextDelta
from attache.models.prompt import arguments

NO_KEY = "There is no key for the provider of {}. Whoever runs this service can set one; so can you, for yourself."
NO_MODEL = "The model {} is not offered any more. Choose another one, and ask again."
KEY_UNREADABLE = "The key of the model's provider cannot be read right now. Please try again in a moment."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How often a call is retried before its first text, and after how many seconds.

    It is not retried if the provider was silent, or asks to wait for longer than `longest`.
    """

    retries: int = 2
    backoff: float = 0.5
    longest: float = 10.0


class LitellmModels:
    """The catalogue's models, streamed. One instance serves any number of concurrent calls."""

    def __init__(
        self,
        catalogue: Catalogue,
        access: ProviderAccess,
        *,
        silence: Silence | None = None,
        patience: Patience | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._catalogue = catalogue
        self._access = access
        self._silence = silence or Silence()
        self._patience = patience or Patience()
        self._sleep = sleep
        self._random = random
        self._pools = HttpxPools()

    def warm(self) -> None:
        """Start importing LiteLLM in a thread, so that the first call waits less."""
        threading.Thread(target=import_litellm, name="import-litellm", daemon=True).start()

    async def aclose(self) -> None:
        """Close the connections that are kept open."""
        await self._pools.aclose()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """See `attache.models.model.Models`."""
        entry = self._entry(request.model)
        access = await self._way(entry, request)
        try:
            async with aclosing(self._patiently(request, entry, access)) as events:
                async for event in events:
                    yield event
            return
        except ProviderFailed as failure:
            renewed = await self._renewed(entry, request, access, failure)
            if renewed is None:
                raise
        async with aclosing(self._patiently(request, entry, renewed)) as events:
            async for event in events:
                yield event

    def _entry(self, model: str) -> ModelEntry:
        """The model in the catalogue, which an operator may have changed. Raises ProviderFailed."""
        entry = self._catalogue.find(model)
        if entry is None:
            log.warning("there is no model %s in the catalogue", model)
            raise failed("provider_refused", detail="no such model", words=NO_MODEL.format(model))
        return entry

    async def _patiently(
        self, request: ModelRequest, entry: ModelEntry, access: Access
    ) -> AsyncGenerator[ModelEvent, None]:
        for attempt in range(self._patience.retries + 1):
            begun = False
            try:
                async with aclosing(self._attempt(request, entry, access)) as events:
                    async for event in events:
                        begun = begun or isinstance(event, TextDelta)
                        yield event
                return
            except ProviderFailed as failure:
                wait = self._wait(failure, attempt)
                if begun or wait is None:
                    raise
            await self._sleep(wait)

    async def _way(self, entry: ModelEntry, request: ModelRequest) -> Access:
        """How the model is reached. Raises ProviderFailed if there is no key, or it cannot be read."""
        try:
            access = await self._access.to(entry, request.api_key)
        except Unavailable as error:
            log.warning("the key of %s: %s", entry.provider, error.message, exc_info=error.__cause__)
            raise failed("provider_unavailable", detail="key not readable", words=KEY_UNREADABLE) from error
        if access.api_key is None:
            log.warning("there is no key of %s: attache providers set %s", entry.provider, entry.provider)
            raise failed("provider_refused", detail="no key", words=NO_KEY.format(entry.name))
        return access

    async def _renewed(
        self, entry: ModelEntry, request: ModelRequest, access: Access, failure: ProviderFailed
    ) -> Access | None:
        """The access with a newer key of the operator's, if the provider refused the old one before any text."""
        if not failure.key_refused or request.api_key is not None:
            return None
        try:
            return await self._access.again(entry, access)
        except Unavailable:
            return None

    async def _attempt(
        self, request: ModelRequest, entry: ModelEntry, access: Access
    ) -> AsyncGenerator[ModelEvent, None]:
        if not is_imported():
            await asyncio.to_thread(import_litellm)
        asked = arguments(request, access.provider, entry.max_tokens)
        async with (
            LitellmStream(access, asked, self._pools.call(), self._silence) as stream,
            aclosing(stream.events()) as events,
        ):
            async for event in events:
                yield event

    def _wait(self, failure: ProviderFailed, attempt: int) -> float | None:
        """Seconds to wait before another attempt; None if there is to be none."""
        patience = self._patience
        if failure.again_after is None or failure.again_after > patience.longest or attempt >= patience.retries:
            return None
        return max(failure.again_after, patience.backoff * 2.0**attempt * (0.5 + self._random()))
