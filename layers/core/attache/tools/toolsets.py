"""Toolsets made of toolsets: policy by wrapping."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace

from attache.tools.tool import CallContext, Request, ToolCall, ToolResult, Toolset, ToolSpec

Lacking = Callable[[ToolCall, CallContext], Awaitable[ToolResult | None]]


async def lacking_nothing(_: ToolCall, __: CallContext) -> ToolResult | None:
    """For tools that need nothing but their arguments."""
    return None


class CombinedToolset:
    """Several toolsets as one; of tools with the same name, the first one counts."""

    def __init__(self, *toolsets: Toolset) -> None:
        self._owners: dict[str, tuple[ToolSpec, Toolset]] = {}
        for toolset in toolsets:
            for spec in toolset.specs:
                self._owners.setdefault(spec.name, (spec, toolset))

    @property
    def specs(self) -> Sequence[ToolSpec]:
        return tuple(spec for spec, _ in self._owners.values())

    def check(self, call: ToolCall) -> ToolResult | None:
        owner = self._owners.get(call.name)
        return owner[1].check(call) if owner else self._unknown(call)

    async def run(self, call: ToolCall, context: CallContext) -> ToolResult:
        owner = self._owners.get(call.name)
        return await owner[1].run(call, context) if owner else self._unknown(call)

    def _unknown(self, call: ToolCall) -> ToolResult:
        known = ", ".join(self._owners) or "none"
        return ToolResult("error", f"There is no tool {call.name[:64]!r}; the tools are: {known}.")


class ConfirmedToolset:
    """A toolset with tools that ask for the user's approval first, and run once they have it.

    `lacking` says what a call lacks: nobody is asked to approve a call that could not be sent.
    """

    def __init__(self, toolset: Toolset, names: Collection[str], lacking: Lacking = lacking_nothing) -> None:
        self._toolset = toolset
        self._names = frozenset(names)
        self._lacking = lacking

    @property
    def specs(self) -> Sequence[ToolSpec]:
        return [replace(spec, confirm=spec.name in self._names) for spec in self._toolset.specs]

    def check(self, call: ToolCall) -> ToolResult | None:
        return self._toolset.check(call)

    async def run(self, call: ToolCall, context: CallContext) -> ToolResult:
        if call.name in self._names and not context.approved:
            asked = ToolResult("pending", _ASKED, request=Request("approval"))
            return await self._lacking(call, context) or asked
        return await self._toolset.run(call, context)


class LaterToolset:
    """A toolset with tools that are not run here: the tool worker runs them, and their results come later."""

    def __init__(self, toolset: Toolset, names: Collection[str]) -> None:
        self._toolset = toolset
        self._names = frozenset(names)

    @property
    def specs(self) -> Sequence[ToolSpec]:
        """To put a call off changes nothing, whatever it does then."""
        return [replace(spec, safe=spec.safe or spec.name in self._names) for spec in self._toolset.specs]

    def check(self, call: ToolCall) -> ToolResult | None:
        return self._toolset.check(call)

    async def run(self, call: ToolCall, context: CallContext) -> ToolResult:
        if call.name in self._names:
            return ToolResult("pending", _BEGUN, request=Request("steps"))
        return await self._toolset.run(call, context)


_BEGUN = (
    '{"outcome":"pending","message":"This is being done and takes a while. Tell the user so. Do not call it again; '
    'what comes of it will be told to you later."}'
)
_ASKED = (
    '{"outcome":"pending","message":"Nothing was sent yet: the user is asked to approve this call, and it runs if they '
    'do. Tell the user that it waits for them. Do not call it again; what comes of it will be told to you later."}'
)
