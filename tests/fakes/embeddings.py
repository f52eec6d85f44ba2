"""Vectors that count words, made here."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from attache.documents.embeddings import Account
from attache.documents.index import Vector
from attache.errors import Unavailable

DIMENSIONS = 16


class FakeEmbeddings:
    """Embeddings of one space after another; `failures` is how many calls fail first. Without a space: no key."""

    def __init__(self, space: str | None = "fake@16", failures: int = 0) -> None:
        self.now_in = space
        self.failures = failures
        self.asked: list[tuple[Sequence[str], Account]] = []

    async def space(self) -> str | None:
        return self.now_in

    async def embed(self, texts: Sequence[str], account: Account) -> Sequence[Vector] | None:
        if self.failures:
            self.failures -= 1
            raise Unavailable("The embedding model does not answer.")
        self.asked.append((texts, account))
        return [Vector(self.now_in, vector(text)) for text in texts] if self.now_in else None


def vector(text: str) -> tuple[float, ...]:
    """The same for the same words; more alike the more words two texts share."""
    values = [0.0] * DIMENSIONS
    for word in text.lower().split():
        values[crc32(word.encode()) % DIMENSIONS] += 1.0
    return tuple(values)
