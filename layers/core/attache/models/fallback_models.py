"""A second model for when the first one's provider fails."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from attache.models.model import Completion, ModelEvent, ModelFailed, ModelRequest, Models, TextDelta


@dataclass(frozen=True)
class FallbackModels:
    """`models`, with an app's fallback model (or None) behind every other.

    It is tried only before the first text, and only if the provider is at fault. Users whose own key failed chose that
    provider and pay for it, so they get no fallback.
    """

    models: Models
    fallback: str | None

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """See `attache.models.model.Models`; if both fail, the failure is the first one's."""
        begun = False
        try:
            async with aclosing(self.models.stream(request)) as events:
                async for event in events:
                    begun = begun or isinstance(event, TextDelta)
                    yield event
            return
        except ModelFailed as failure:
            if begun or self.fallback in (None, request.model) or not _may_be_asked_elsewhere(failure):
                raise
            first = failure
        try:
            second = await _asked_of(self.fallback, request)
            async with aclosing(self.models.stream(second)) as events:
                async for event in events:
                    yield replace(event, model=second.model) if isinstance(event, Completion) else event
        except ModelFailed as failure:
            raise first from failure


def _may_be_asked_elsewhere(failure: ModelFailed) -> bool:
    return failure.code in ("provider_unavailable", "provider_refused") and not failure.own_key


async def _asked_of(model: str, request: ModelRequest) -> ModelRequest:
    """The request to another model, whose window may be smaller. Raises ModelFailed."""
    messages = await request.messages_for(model) if request.messages_for else request.messages
    return replace(request, model=model, messages=messages)
