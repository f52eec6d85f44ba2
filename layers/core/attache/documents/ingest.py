"""The worker behind the documents queue: what the bucket holds becomes what is found.

An event says no more than that something happened to a document. What is there now is read, and looked at again once
its passages are served: so events may come twice, late and in any order, and two workers at one document end with what
is there last.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from attache.clock import Clock
from attache.documents.chunks import passages_of
from attache.documents.embeddings import Account, Embeddings
from attache.documents.index import PassageIndex, Vector
from attache.documents.kinds import MAX_BYTES
from attache.documents.originals import Original, Originals
from attache.documents.passage import Passage, Reading, Unreadable
from attache.documents.records import DocumentRecord, DocumentRecords
from attache.errors import Unavailable

MAX_PASSAGES = 5_000
MOST_ROUNDS = 5
AT_ONCE = 64  # passages that are embedded in one call
NO_VECTORS = "found by words only: the embedding model could not be asked"
NO_KEY = "found by words only: there is no key for the embedding model"

log = logging.getLogger(__name__)
Read = Callable[[str, bytes], Awaitable[Reading]]
SweepLater = Callable[[str, str, float], Awaitable[None]]


@dataclass(frozen=True)
class Ingest:
    """Reads, cuts, embeds and indexes documents. `later` has a document swept (app, path) after so many seconds."""

    originals: Originals
    records: DocumentRecords
    index: PassageIndex
    embeddings: Embeddings
    read: Read
    later: SweepLater
    clock: Clock

    async def changed(self, app: str, path: str, *, last_try: bool = False) -> None:
        """Something happened to a document. Raises Unavailable where it should be tried again.

        `last_try`: nobody will; an embedding model that does not answer is done without.
        """
        for _ in range(MOST_ROUNDS):
            original = await self.originals.look(app, path)
            if original is None:
                await self._remove(app, path)
            else:
                await self._bring(app, original, last_try)
            now = await self.originals.look(app, path)
            if (now and now.revision) == (original and original.revision):
                return
        raise Unavailable("A document changes faster than it can be read.")

    async def give_up(self, app: str, path: str, why: str) -> None:
        """Nobody tries this document any more until it is put again."""
        original = await self.originals.look(app, path)
        if original is not None:
            await self._failed(app, original, why)

    async def sweep(self, app: str, path: str) -> None:
        """Remove whatever of this document is not served."""
        record = await self.records.get(app, path)
        await self.index.drop(app, path, but=record.run if record else None)

    async def _bring(self, app: str, original: Original, last_try: bool) -> None:
        record = await self.records.get(app, original.path)
        if record and record.revision == original.revision and await self._as_it_should(record):
            return
        try:
            passages = await self._passages(app, original)
        except Unreadable as error:
            await self._failed(app, original, str(error))
        else:
            if passages is not None:
                await self._serve(app, original, passages, last_try)

    async def _as_it_should(self, record: DocumentRecord) -> bool:
        """Whether reading it again would change nothing."""
        return record.state == "failed" or record.space == await self.embeddings.space()

    async def _passages(self, app: str, original: Original) -> Sequence[Passage] | None:
        """None where the original has changed meanwhile. Raises Unreadable."""
        if original.size > MAX_BYTES:
            raise Unreadable(f"This file has {original.size:,} bytes; {MAX_BYTES:,} at most are read. Divide it.")
        content = await self.originals.read(app, original)
        if content is None:
            return None
        passages = passages_of(app, original.path, await self.read(original.path, content))
        if len(passages) > MAX_PASSAGES:
            raise Unreadable(f"This file has {len(passages):,} passages; {MAX_PASSAGES:,} at most. Divide it.")
        return passages

    async def _serve(self, app: str, original: Original, passages: Sequence[Passage], last_try: bool) -> None:
        """Have them found; by words only, where the vectors are missing, until they come with another try."""
        try:
            vectors, why = await self._vectors(app, passages)
        except Unavailable:
            await self._put(app, original, passages, [None] * len(passages), NO_VECTORS)
            if not last_try:
                raise
        else:
            await self._put(app, original, passages, vectors, why)

    async def _vectors(self, app: str, passages: Sequence[Passage]) -> tuple[Sequence[Vector | None], str]:
        """A vector or nothing for each passage, and what is to be said about it. Raises Unavailable."""
        vectors: list[Vector] = []
        for start in range(0, len(passages), AT_ONCE):
            texts = [embedded_text(passage) for passage in passages[start : start + AT_ONCE]]
            made = await self.embeddings.embed(texts, Account(app))
            if made is None:
                return [None] * len(passages), NO_KEY
            vectors += made
        return vectors, ""

    async def _put(
        self, app: str, original: Original, passages: Sequence[Passage], vectors: Sequence[Vector | None], why: str
    ) -> None:
        run = secrets.token_hex(8)
        await self.index.put(run, list(zip(passages, vectors, strict=True)))
        space = vectors[0].space if vectors[0] else None
        record = DocumentRecord(
            original.path, original.revision, "indexed", self.clock.now(), run, len(passages), space, why
        )
        await self.records.put(app, record)
        await self._swept(app, original.path, but=run)
        log.info("a document of %s is indexed: %d passages", app, len(passages))

    async def _failed(self, app: str, original: Original, why: str) -> None:
        record = DocumentRecord(original.path, original.revision, "failed", self.clock.now(), why=why)
        await self.records.put(app, record)
        await self._swept(app, original.path)
        log.warning("a document of %s cannot be indexed: %s", app, why)

    async def _remove(self, app: str, path: str) -> None:
        await self.records.remove(app, path)
        await self._swept(app, path)

    async def _swept(self, app: str, path: str, but: str | None = None) -> None:
        await self.index.drop(app, path, but=but)
        if self.index.settled_after:
            await self.later(app, path, self.index.settled_after)


def embedded_text(passage: Passage) -> str:
    """A passage as it is embedded: what it says is often clear by its headings only."""
    return "\n".join([" > ".join((passage.title, *passage.headings)), passage.text])
