"""A user's own provider key: used for that user's turns, and for that provider's models only."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from attache.errors import AttacheError
from attache.models.catalogue import Catalogue
from attache.models.model import ModelEvent, ModelFailed, ModelRequest, Models


class KeySource(Protocol):
    """Stores the keys of clients."""

    async def provider_key(self, client_id: str, provider: str) -> str | None:
        """The client's own key for a provider, in plain text, or None. Raises AttacheError."""
        ...


@dataclass(frozen=True)
class OwnKeys:
    """Own keys by model."""

    catalogue: Catalogue
    source: KeySource

    async def of(self, client_id: str, model: str) -> tuple[str, str] | None:
        """The model's provider and the client's own key for it; None if it has none. Raises AttacheError."""
        entry = self.catalogue.find(model)
        key = await self.source.provider_key(client_id, entry.provider) if entry else None
        return (entry.provider, key) if entry and key is not None else None


@dataclass(frozen=True)
class OwnKeyModels:
    """`models`, called with the client's own key if it has one for the model's provider.

    Wrap a fallback round it, so that the fallback model is called with the client's own key, too. If the user's key
    fails, the user is told; the operator's key is not used instead.
    """

    models: Models
    keys: OwnKeys
    client_id: str

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """See `attache.models.model.Models`."""
        found = await self._found(request.model)
        asked = replace(request, api_key=found[1]) if found else request
        try:
            async with aclosing(self.models.stream(asked)) as events:
                async for event in events:
                    yield event
        except ModelFailed as failure:
            if found is None:
                raise
            raise _of_own_key(found[0], failure) from failure

    async def _found(self, model: str) -> tuple[str, str] | None:
        try:
            return await self.keys.of(self.client_id, model)
        except AttacheError as error:
            words = "Your own key for the model's provider cannot be read right now. Try again, or set it again."
            raise ModelFailed(words, code="internal", retryable=True, detail=type(error).__name__) from error


def _of_own_key(provider: str, failure: ModelFailed) -> ModelFailed:
    refused = failure.code == "provider_refused"
    words = f"{failure.message} It was made with your own API key for {provider}." if refused else failure.message
    if refused and failure.key_refused:
        words = f"{provider} does not accept your own API key. Set another one, or remove it, and ask again."
    return ModelFailed(
        words, code=failure.code, retryable=failure.retryable and not refused, key_refused=failure.key_refused,
        own_key=True, usage=failure.usage, detail=failure.detail,
    )  # fmt: skip
