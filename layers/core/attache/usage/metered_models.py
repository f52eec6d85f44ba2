"""Models whose every call leaves a usage row, however it ended."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from attache.models.model import Completion, ModelEvent, ModelFailed, ModelRequest, Models, ModelUsage
from attache.usage.usage import Spender, UsageSink, row_for


@dataclass(frozen=True)
class MeteredModels:
    """`models`, with their usage charged to `spender`. `now` is in milliseconds since 1970.

    The row is written before the completion is passed on, so nothing is left to do when the turn has ended. Wrap a
    fallback round this, not the other way round: then the model that failed has a row of its own.
    """

    models: Models
    usage: UsageSink
    spender: Spender
    now: Callable[[], int]

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """See `attache.models.model.Models`; also raises Unavailable if the row cannot be written."""
        try:
            async with aclosing(self.models.stream(request)) as events:
                async for event in events:
                    if isinstance(event, Completion):
                        break
                    yield event
                else:
                    return
        except ModelFailed as failure:
            await self._record(request, failure.usage)
            raise
        except (CancelledError, GeneratorExit):
            await self._record(request, None)
            raise
        await self._record(request, event.usage)
        yield event

    async def _record(self, request: ModelRequest, usage: ModelUsage | None) -> None:
        await self.usage.record(row_for(self.spender, request, usage, self.now()))
