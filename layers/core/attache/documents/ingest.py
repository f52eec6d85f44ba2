"""The worker behind the documents queue: what the bucket holds becomes what is found.

An event says no more than that something happened to a document. What is there now is read, until what is on record is
what is there: so events may come twice, late and in any order, and workers that meet at one document end with what is
there last.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from attache.clock import Clock
from attache.documents.chunks import passages_of
from attache.documents.embeddings import Account, Embeddings
from attache.documents.index import PassageIndex, Vector
from attache.documents.kinds import MAX_BYTES
from attache.documents.originals import Original, Originals
from attache.documents.passage import Passage, Reading, Unreadable
from attache.documents.records import DocumentRecord, DocumentRecords, run_after
from attache.errors import Unavailable

MAX_PASSAGES = 5_000
MOST_ROUNDS = 5
AT_ONCE = 64  # passages that are embedded in one call
NO_VECTORS = "found by words only: the embedding model could not be asked"
NO_KEY = "found by words only: there is no key for the embedding model"

log = logging.getLogger(__name__)
Read = Callable[[str, bytes], Awaitable[Reading]]
SweepLater = Callable[[str, str, str, float], Awaitable[None]]


@dataclass(frozen=True)
class Ingest:
    """Reads, cuts, embeds and indexes documents. `later` sweeps one (app, path, before) after so many seconds."""

    originals: Originals
    records: DocumentRecords
    index: PassageIndex
    embeddings: Embeddings
    read: Read
    later: SweepLater
    clock: Clock

    async def changed(self, app: str, path: str, *, last_try: bool = False) -> None:
        """Something happened to a document. Raises Unavailable if it should be tried again.

        `last_try`: nobody will; an embedding model that does not answer is done without.
        """
        for _ in range(MOST_ROUNDS):
            record = await self.records.get(app, path)
            original = await self.originals.look(app, path)
            run = run_after(record, self.clock.now())
            if record is not None and await self._as_it_should(record, original):
                await self._swept(app, record)  # the try before may have ended before it did
            elif original is not None:
                await self._bring(app, original, run, last_try)
            elif record is not None:
                await self._record(app, DocumentRecord(path, "", "gone", self.clock.now(), run))
            if await self._settled(app, path):
                return
        raise Unavailable("A document changes faster than it can be read.")

    async def renew(self, app: str) -> None:
        """Read those documents again whose vectors are of another model than is used now. Raises Unavailable."""
        for record in await self.records.all(app):
            if not await self._meant_as_now(record):
                await self.changed(app, record.path)

    async def give_up(self, app: str, path: str, why: str) -> None:
        """Nobody tries this document any more until there is another event, or its message is moved back."""
        original = await self.originals.look(app, path)
        if original is not None:
            run = run_after(await self.records.get(app, path), self.clock.now())
            with suppress(Unavailable):  # the index may be what does not answer; on record it is by then
                await self._failed(app, original, run, why, "given_up")

    async def sweep(self, app: str, path: str, before: str) -> None:
        """Remove what was put too shortly before a run was on record to be seen then."""
        await self.index.drop(app, path, before=before)

    async def _settled(self, app: str, path: str) -> bool:
        """Whether what is on record is what is there now, whoever brought it."""
        original = await self.originals.look(app, path)
        record = await self.records.get(app, path)
        return (record.revision if record else "") == (original.revision if original else "")

    async def _bring(self, app: str, original: Original, run: str, last_try: bool) -> None:
        try:
            passages = await self._passages(app, original)
        except Unreadable as error:
            await self._failed(app, original, run, str(error))
        else:
            if passages is not None:
                await self._serve(app, original, run, passages, last_try)

    async def _as_it_should(self, record: DocumentRecord, original: Original | None) -> bool:
        """Whether bringing it again would change nothing."""
        if record.revision != (original.revision if original else "") or record.state == "given_up":
            return False
        return await self._meant_as_now(record)

    async def _meant_as_now(self, record: DocumentRecord) -> bool:
        """Whether its vectors are of the model that is used now, if there is one."""
        return record.state != "indexed" or await self.embeddings.space() in (None, record.space)

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

    async def _serve(self, app: str, original: Original, run: str, passages: Sequence[Passage], last_try: bool) -> None:
        """Have them found; by words only if the vectors are missing, until they come with another try."""
        try:
            vectors, why = await self._vectors(app, passages)
        except Unavailable as error:
            await self._put(app, original, run, passages, [None] * len(passages), NO_VECTORS)
            failure = _without_vectors(app, original.path, error)
            if not last_try:
                raise failure from error.__cause__
            log.warning("%s", failure.message, exc_info=error.__cause__)
        else:
            await self._put(app, original, run, passages, vectors, why)

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
        self,
        app: str,
        original: Original,
        run: str,
        passages: Sequence[Passage],
        vectors: Sequence[Vector | None],
        why: str,
    ) -> None:
        await self.index.put(run, list(zip(passages, vectors, strict=True)))
        space = vectors[0].space if vectors[0] else None
        now = self.clock.now()
        record = DocumentRecord(original.path, original.revision, "indexed", now, run, len(passages), space, why)
        await self._record(app, record)
        log.info("a document of %s is indexed: %d passages", app, len(passages))

    async def _failed(
        self, app: str, original: Original, run: str, why: str, state: Literal["failed", "given_up"] = "failed"
    ) -> None:
        await self._record(app, DocumentRecord(original.path, original.revision, state, self.clock.now(), run, why=why))
        log.warning("a document of %s cannot be indexed: %s", app, why)

    async def _record(self, app: str, record: DocumentRecord) -> None:
        """Have it count, and drop what it takes the place of; or itself, if a later one counts."""
        if not await self.records.put(app, record):
            later = await self.records.get(app, record.path)
            record = later or record
        await self._swept(app, record)

    async def _swept(self, app: str, record: DocumentRecord) -> None:
        """Drop what is of runs before this one: at once, and again when all of it can be seen."""
        await self.index.drop(app, record.path, before=record.run)
        if self.index.settled_after:
            await self.later(app, record.path, record.run, self.index.settled_after)


def _without_vectors(app: str, path: str, error: Unavailable) -> Unavailable:
    """For the operator: which document, what is wrong, and what to do."""
    return Unavailable(
        f"{path} of {app} is found by words only. {error.message} Where no retry helps, "
        f"`attache documents reindex {app}` does, once that is mended."
    )


def embedded_text(passage: Passage) -> str:
    """A passage as it is embedded: what it says is often clear by its headings only."""
    return "\n".join([" > ".join((passage.title, *passage.headings)), passage.text])
