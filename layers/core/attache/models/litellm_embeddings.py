"""Vectors of texts, by LiteLLM."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from attache.documents.index import Vector
from attache.errors import Unavailable
from attache.models.access import Access, ProviderAccess
from attache.models.catalogue import EmbeddingEntry
from attache.models.embedding import Made
from attache.models.httpx_calls import HttpxPools
from attache.models.litellm_errors import raised, translated
from attache.models.litellm_import import import_litellm, is_imported
from attache.models.litellm_stream import sending_client
from attache.models.model import ModelFailed, ModelUsage

SECONDS = 30.0

log = logging.getLogger(__name__)


class LitellmEmbeddings:
    """The catalogue's embedding model."""

    def __init__(self, entry: EmbeddingEntry | None, access: ProviderAccess) -> None:
        self._entry = entry
        self._access = access
        self._pools = HttpxPools()
        self._said = False

    @property
    def model(self) -> str:
        """Its id, for bills."""
        return self._entry.id if self._entry else ""

    async def space(self) -> str | None:
        """Which vectors are made now: the demo model's are others than the provider's. Raises Unavailable."""
        reached = await self._reached()
        return _space(*reached) if reached else None

    async def make(self, texts: Sequence[str]) -> Made | None:
        """A vector for each text; None where nobody has a key. Raises Unavailable."""
        reached = await self._reached()
        if reached is None:
            return None
        entry, access = reached
        answer = await self._asked(entry, access, texts)
        space = _space(entry, access)
        in_order = sorted(answer.data, key=lambda each: each["index"])
        vectors = tuple(Vector(space, tuple(each["embedding"])) for each in in_order)
        if len(vectors) != len(texts) or any(len(vector.values) != entry.dimensions for vector in vectors):
            raise Unavailable(f"{access.route} makes no vectors of {entry.dimensions} numbers, as the catalogue says.")
        return Made(vectors, _usage(access, answer.usage))

    async def aclose(self) -> None:
        """Close the connections that are kept for further calls."""
        await self._pools.aclose()

    async def _reached(self) -> tuple[EmbeddingEntry, Access] | None:
        """The model and the way to it; None without a key, which is logged once in a process' life."""
        if self._entry is None:
            return None
        access = await self._access.to(self._entry)
        if access.api_key is not None:
            return self._entry, access
        if not self._said:
            log.warning("documents are found by words only: there is no key of %s", self._entry.provider)
        self._said = True
        return None

    async def _asked(self, entry: EmbeddingEntry, access: Access, texts: Sequence[str]) -> Any:
        if not is_imported():
            await asyncio.to_thread(import_litellm)
        import litellm

        async with aclosing(self._pools.call()) as transport:
            try:
                async with asyncio.timeout(SECONDS):
                    return await litellm.aembedding(
                        model=access.route,
                        input=list(texts),
                        dimensions=entry.dimensions,
                        encoding_format="float",
                        allowed_openai_params=["dimensions"],  # it refuses them for models that it does not know
                        api_key=access.api_key,
                        api_base=access.api_base,
                        client=sending_client(access, transport),
                        timeout=SECONDS,
                        max_retries=0,
                        num_retries=0,
                    )
            except TimeoutError:
                raise Unavailable(f"The embedding model {access.route} was silent for {SECONDS:.0f} s.") from None
            except raised() as error:
                raise _failed(access, translated(error, status=transport.status)) from None


def _failed(access: Access, failure: ModelFailed) -> Unavailable:
    return Unavailable(
        f"The embedding model {access.route} failed: {failure.code}, {failure.detail}. See that the key of "
        f"{access.provider} is good; a gateway must serve POST /embeddings."
    )


def _space(entry: EmbeddingEntry, access: Access) -> str:
    return f"{'demo' if access.demo else entry.route}@{entry.dimensions}"


def _usage(access: Access, count: Any) -> ModelUsage:
    import litellm

    if access.demo:
        return ModelUsage(count.prompt_tokens, 0)
    try:
        prompt, _ = litellm.cost_per_token(
            model=access.route, prompt_tokens=count.prompt_tokens, call_type="aembedding"
        )
    except litellm.NotFoundError:
        return ModelUsage(count.prompt_tokens, 0)
    return ModelUsage(count.prompt_tokens, 0, float(prompt))
