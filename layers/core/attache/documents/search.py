"""Finding passages: an app's own, of its documents as they are now, and no others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from attache.documents.embeddings import Account, Embeddings
from attache.documents.index import Hit, PassageIndex, Vector
from attache.documents.passage import Passage
from attache.documents.records import DocumentRecords
from attache.errors import Unavailable

WIDE = 4  # times as many are asked for: some may be of earlier runs
PATIENCE = 5.0  # seconds for the vector of a question; without it words will do

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DocumentSearch:
    """Hybrid search over every app's documents."""

    index: PassageIndex
    records: DocumentRecords
    embeddings: Embeddings

    async def find(self, text: str, k: int, account: Account) -> Sequence[Passage]:
        """The passages of the account's app that answer `text` best, k at most. Raises Unavailable."""
        vector = await self._vector(text, account)
        hits = await self.index.search(account.app, text, vector, k * WIDE)
        served = await self._served(account.app, hits)
        return [hit.passage for hit in hits if served.get(hit.passage.path) == hit.run][:k]

    async def _vector(self, text: str, account: Account) -> Vector | None:
        """None where only words can be searched for: a search that finds less is better than none."""
        try:
            async with asyncio.timeout(PATIENCE):
                vectors = await self.embeddings.embed([text], account)
        except (Unavailable, TimeoutError) as error:
            log.warning("documents are searched by words only: %s", str(error) or "the embedding model is silent")
            return None
        return vectors[0] if vectors else None

    async def _served(self, app: str, hits: Sequence[Hit]) -> dict[str, str | None]:
        """The run of each document's passages that counts."""
        paths = list({hit.passage.path: None for hit in hits if hit.passage.app == app})
        records = await asyncio.gather(*(self.records.get(app, path) for path in paths))
        return {path: record.run for path, record in zip(paths, records, strict=True) if record}
