"""How much a model reads at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Windows(Protocol):
    """Sizes of models and of texts, from tables that are at hand: nothing is asked for over the network."""

    async def room(self, model: str) -> int | None:
        """Tokens that a request to the model may have, room for its answer left; None where that is not known."""
        ...

    async def count(self, texts: Sequence[str]) -> Sequence[int]:
        """About how many tokens each text is, for any model: rather too many than too few."""
        ...
