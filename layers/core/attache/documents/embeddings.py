"""What texts mean, as vectors: an interface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from attache.documents.index import Vector


@dataclass(frozen=True)
class Account:
    """On whose account texts are embedded: an app's, and within a turn the session's and the key's."""

    app: str
    session_id: str = ""
    key_id: str | None = None


class Embeddings(Protocol):
    """Makes vectors of texts."""

    async def space(self) -> str | None:
        """The space that vectors are made in now; None where nobody has a key for it. Raises Unavailable."""
        ...

    async def embed(self, texts: Sequence[str], account: Account) -> Sequence[Vector] | None:
        """A vector for each text, in order; None where nobody has a key. Raises Unavailable."""
        ...
