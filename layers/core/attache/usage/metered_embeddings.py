"""Embeddings whose every call leaves a usage row."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attache.documents.embeddings import Account
from attache.documents.index import Vector
from attache.errors import AttacheError
from attache.models.embedding import EmbeddingModel
from attache.models.model import ModelUsage
from attache.usage.usage import UsageRow, UsageSink

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MeteredEmbeddings:
    """The Embeddings of `model`. `now` is in milliseconds since 1970."""

    model: EmbeddingModel
    usage: UsageSink
    now: Callable[[], int]

    async def space(self) -> str | None:
        """See `Embeddings`."""
        return await self.model.space()

    async def embed(self, texts: Sequence[str], account: Account) -> Sequence[Vector] | None:
        """See `Embeddings`."""
        made = await self.model.make(texts)
        if made is None:
            return None
        await self._record(account, made.usage)
        return made.vectors

    async def _record(self, account: Account, used: ModelUsage) -> None:
        """What was found is worth more than its bill: a row that cannot be written is logged."""
        row = UsageRow(
            app=account.app,
            session_id=account.session_id,
            key_id=account.key_id,
            model=self.model.model,
            at=self.now(),
            input_tokens=used.input_tokens,
            output_tokens=used.output_tokens,
            cost=used.cost,
            partial=used.partial,
        )
        try:
            await self.usage.record(row)
        except AttacheError:
            logger.exception("a usage row of embeddings was not written: %s %s", row.app, row.input_tokens)
