"""Policy by wrapping: toolsets made of toolsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attache.tools.tool import CallContext, ToolCall, ToolResult, Toolset, ToolSpec


class CombinedToolset:
    """Several toolsets as one; where two have a tool of one name, the first has it."""

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


class WithheldToolset:
    """A toolset, some of whose tools are shown and not run: each call gets the reason, by the tool's name."""

    def __init__(self, toolset: Toolset, reasons: Mapping[str, str]) -> None:
        self._toolset = toolset
        self._reasons = reasons

    @property
    def specs(self) -> Sequence[ToolSpec]:
        return self._toolset.specs

    def check(self, call: ToolCall) -> ToolResult | None:
        return self._refusal(call) or self._toolset.check(call)

    async def run(self, call: ToolCall, context: CallContext) -> ToolResult:
        return self._refusal(call) or await self._toolset.run(call, context)

    def _refusal(self, call: ToolCall) -> ToolResult | None:
        reason = self._reasons.get(call.name)
        return ToolResult("rejected", reason) if reason else None


def unapproved(toolset: Toolset, names: Sequence[str]) -> Toolset:
    """The toolset without its tools that need a user's approval, as long as nothing asks for one."""
    return WithheldToolset(toolset, {name: f"{name} needs the user's approval, which is not given." for name in names})
