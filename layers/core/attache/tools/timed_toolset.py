"""A toolset whose calls are timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from attache.telemetry.meter import Meter
from attache.tools.tool import CallContext, ToolCall, ToolResult, Toolset, ToolSpec

FAILURES = frozenset(("error", "timed_out", "outcome_unknown"))


class TimedToolset:
    """Wrap it directly round the toolset that does the work, so that calls that only ask or are deferred do not count.

    Cancelled calls are not counted: they say nothing about the tool.
    """

    def __init__(self, toolset: Toolset, meter: Meter, seconds: Callable[[], float] = time.monotonic) -> None:
        self._toolset = toolset
        self._meter = meter
        self._seconds = seconds

    @property
    def specs(self) -> Sequence[ToolSpec]:
        return self._toolset.specs

    def check(self, call: ToolCall) -> ToolResult | None:
        return self._toolset.check(call)

    async def run(self, call: ToolCall, context: CallContext) -> ToolResult:
        began = self._seconds()
        result = await self._toolset.run(call, context)
        took = round((self._seconds() - began) * 1000)
        self._meter.tool_call(context.app, call.name, took, failed=result.outcome in FAILURES)
        return result
