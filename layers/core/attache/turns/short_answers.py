"""Answers that are read whole, and of which only the beginning is wanted."""

from __future__ import annotations

from contextlib import aclosing

from attache.models.model import ModelRequest, Models, TextDelta


async def beginning(models: Models, request: ModelRequest, most: int) -> str:
    """The first characters of an answer, at least `most` if it has so many; what comes after is not waited for."""
    text = ""
    async with aclosing(models.stream(request)) as events:
        async for event in events:
            text += event.text if isinstance(event, TextDelta) else ""
            if len(text) > most:
                break
    return text
