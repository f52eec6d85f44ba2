"""Embeddings of texts as vectors, as an interface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from attache.documents.index import Vector


@dataclass(frozen=True)
class Account:
    """Who embeddings are charged to: an app and, within a turn, its session and key."""

    app: str
    session_id: str = ""
    key_id: str | None = None


class Embeddings(Protocol):
    """Computes vectors for texts."""

    async def space(self) -> str | None:
        """The vector space in use now; None if nobody has a key for it. Raises Unavailable."""
        ...

    async def embed(self, texts: Sequence[str], account: Account) -> Sequence[Vector] | None:
        """A vector for each text, in order; None if nobody has a key. Raises Unavailable."""
        ...
