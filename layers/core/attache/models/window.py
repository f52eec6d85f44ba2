"""Sizes of models' context windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Windows(Protocol):
    """Sizes of windows and texts, from local tables: nothing is fetched over the network."""

    async def room(self, model: str) -> int | None:
        """Tokens that a request to the model may have, with room left for the answer; None if unknown."""
        ...

    async def count(self, texts: Sequence[str]) -> Sequence[int]:
        """About how many tokens each text is, for any model; too many rather than too few."""
        ...
