"""What makes vectors of texts, and what that takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from attache.documents.index import Vector
from attache.models.model import ModelUsage


@dataclass(frozen=True)
class Made:
    """Vectors in the order of their texts, and what they took."""

    vectors: tuple[Vector, ...]
    usage: ModelUsage


class EmbeddingModel(Protocol):
    """Makes vectors, and says what they took."""

    @property
    def model(self) -> str:
        """Its id, for bills."""
        ...

    async def space(self) -> str | None:
        """Which vectors are made now; None where nobody has a key. Raises Unavailable."""
        ...

    async def make(self, texts: Sequence[str]) -> Made | None:
        """A vector for each text; None where nobody has a key. Raises Unavailable."""
        ...
