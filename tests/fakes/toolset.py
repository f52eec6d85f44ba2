"""Tools that do what a test tells them, and count."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence

from attache.tools.tool import CallContext, ToolCall, ToolResult, ToolSpec

Run = Callable[[ToolCall], Awaitable[ToolResult]]
ANY_OBJECT = {"type": "object"}


class FakeToolset:
    """A toolset of functions; names in `unsafe` may change something. `ran` are the calls that were run."""

    def __init__(self, tools: Mapping[str, Run], unsafe: Sequence[str] = ()) -> None:
        self._tools = tools
        self._specs = [ToolSpec(name, f"Does {name}.", ANY_OBJECT, safe=name not in unsafe) for name in tools]
        self.ran: list[ToolCall] = []

    @property
    def specs(self) -> Sequence[ToolSpec]:
        return self._specs

    def check(self, call: ToolCall) -> ToolResult | None:
        if call.name not in self._tools:
            return ToolResult("error", json.dumps({"error": f"There is no tool {call.name}."}))
        return None

    async def run(self, call: ToolCall, context: CallContext) -> ToolResult:
        self.ran.append(call)
        return await self._tools[call.name](call)


def answers(text: str) -> Run:
    """A tool that always answers this."""

    async def run(call: ToolCall) -> ToolResult:
        return ToolResult("ok", text)

    return run
