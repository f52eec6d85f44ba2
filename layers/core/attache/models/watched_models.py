"""Models whose calls are traced, or logged with their content; both only if a setting asks for it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from attache.models.model import Completion, ModelEvent, ModelRequest, Models, TextDelta

logger = logging.getLogger(__name__)

Span = Callable[[str, int], None]


@dataclass(frozen=True)
class TracedModels:
    """Reports each call to `span`, however it ended: its name, and its duration in milliseconds."""

    models: Models
    span: Span
    seconds: Callable[[], float] = time.monotonic

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        began = self.seconds()
        try:
            async with aclosing(self.models.stream(request)) as events:
                async for event in events:
                    yield event
        finally:
            self.span(f"model {request.model}", round((self.seconds() - began) * 1000))


@dataclass(frozen=True)
class LoggedModels:
    """Logs the last message of each request, and the answer: private text, so only if a setting asks for it."""

    models: Models

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        logger.info("asked %s: %s", request.model, json.dumps(request.messages[-1], ensure_ascii=False, default=str))
        text = ""
        async with aclosing(self.models.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    text += event.text
                elif isinstance(event, Completion):
                    logger.info("%s answered: %s, and asked for %d calls", request.model, text, len(event.calls))
                yield event
