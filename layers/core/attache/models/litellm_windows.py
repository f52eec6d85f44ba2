"""Context windows and token counts from LiteLLM's tables.

Both need LiteLLM's import, which takes seconds: ask only if it matters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from math import ceil
from typing import Any

from attache.models.catalogue import Catalogue, ModelEntry
from attache.models.litellm_import import import_litellm

ANSWER = 16_000  # tokens left for an answer whose length the catalogue does not bound
OTHERS = 1.35  # other tokenizers make so many tokens of the same text; Claude's newer ones nearly


class LitellmWindows:
    """`Windows` of the catalogue's models."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def room(self, model: str) -> int | None:
        """See `Windows`."""
        entry = self._catalogue.find(model)
        return await asyncio.to_thread(_room, entry) if entry else None

    async def count(self, texts: Sequence[str]) -> Sequence[int]:
        """See `Windows`."""
        return await asyncio.to_thread(_counted, texts)


def _room(entry: ModelEntry) -> int | None:
    import_litellm()
    # a gateway's models stand in the table by the name behind its own as well
    for route in (entry.route, entry.route.partition("/")[2]):
        known = _known(route)
        if known and known.get("max_input_tokens"):
            window = int(known["max_input_tokens"])
            answer = entry.max_tokens or min(known.get("max_output_tokens") or ANSWER, ANSWER)
            return window - min(answer, window // 2)
    return None


def _known(route: str) -> dict[str, Any] | None:
    import litellm

    try:
        return dict(litellm.get_model_info(route))
    except litellm.exceptions.ModelNotMappedError:
        return None


def _counted(texts: Sequence[str]) -> Sequence[int]:
    import_litellm()
    from litellm.litellm_core_utils.default_encoding import encoding

    return [ceil(len(encoding.encode(text, disallowed_special=())) * OTHERS) for text in texts]
