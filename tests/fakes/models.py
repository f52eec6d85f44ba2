"""Language models that say what a test tells them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from attache.models.model import (
    Completion,
    Limit,
    ModelEvent,
    ModelFailed,
    ModelRequest,
    ModelUsage,
    RequestedCall,
    TextDelta,
)

Step = str | float | asyncio.Event | ModelFailed
USAGE = ModelUsage(input_tokens=11, output_tokens=7, cost=0.0001)


@dataclass(frozen=True)
class Says:
    """One answer: text deltas, seconds or events to wait for, then calls. A `ModelFailed` among the steps is raised."""

    steps: Sequence[Step] = ()
    calls: tuple[RequestedCall, ...] = ()
    usage: ModelUsage = USAGE
    opaque: Mapping[str, Any] | None = None
    truncated: Limit | None = None


class FakeModels:
    """Models that answer from a script: an answer for each request in order, or a function of the request.

    `requests` are what was asked; `closed` counts the streams that were closed before their end.
    """

    def __init__(self, script: Sequence[Says] | Callable[[ModelRequest], Says] = ()) -> None:
        self.requests: list[ModelRequest] = []
        self.closed = 0
        self._rest = iter(()) if callable(script) else iter(script)
        self._answer = script if callable(script) else self._next

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        self.requests.append(request)
        return self._stream(self._answer(request))

    async def _stream(self, says: Says) -> AsyncGenerator[ModelEvent, None]:
        try:
            for step in says.steps:
                async for event in _taken(step):
                    yield event
        except (GeneratorExit, asyncio.CancelledError):
            self.closed += 1
            raise
        yield Completion(says.calls, says.usage, says.opaque, says.truncated)

    def _next(self, request: ModelRequest) -> Says:
        answer = next(self._rest, None)
        assert answer is not None, f"the script has no answer for {request}"
        return answer


def says(*steps: Step, **more: Any) -> Says:
    """An answer of text alone: `says("Hello ", "there")`."""
    return Says(steps=steps, **more)


def asks(*calls: tuple[str, str], **more: Any) -> Says:
    """An answer that asks for tool calls: `asks(("GetTokenPrice", '{"symbol": "ETH"}'))`."""
    return Says(calls=tuple(RequestedCall(name, arguments) for name, arguments in calls), **more)


async def _taken(step: Step) -> AsyncIterator[ModelEvent]:
    match step:
        case str():
            yield TextDelta(step)
        case ModelFailed():
            raise step
        case asyncio.Event():
            await step.wait()
        case _:
            await asyncio.sleep(step)


async def collect(stream: AsyncGenerator[ModelEvent, None]) -> list[ModelEvent]:
    """All events of a stream, which is closed afterwards."""
    async with aclosing(stream) as events:
        return [event async for event in events]
