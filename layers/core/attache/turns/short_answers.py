"""Model answers of which only the beginning is used."""

from __future__ import annotations

from contextlib import aclosing

from attache.models.model import ModelRequest, Models, TextDelta


async def beginning(models: Models, request: ModelRequest, most: int) -> str:
    """At least the first `most` characters of an answer, if it has so many; the rest is not waited for."""
    text = ""
    async with aclosing(models.stream(request)) as events:
        async for event in events:
            text += event.text if isinstance(event, TextDelta) else ""
            if len(text) > most:
                break
    return text
