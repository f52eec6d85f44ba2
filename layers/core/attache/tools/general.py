"""The built-in general-purpose tools: time, arithmetic, units, and a list of capabilities."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from attache.clock import Clock
from attache.errors import BadInput
from attache.tools.arguments import check_arguments
from attache.tools.general_arithmetic import MAX_CHARACTERS, calculate
from attache.tools.general_units import convert
from attache.tools.general_zones import current_time
from attache.tools.tool import CallContext, ToolCall, ToolResult, ToolSpec

MAX_AMOUNT = 1e100


@dataclass(frozen=True)
class BuiltIn:
    """A built-in tool: `answer` takes the checked arguments by name, and raises BadInput with advice."""

    spec: ToolSpec
    answer: Callable[..., Any]


class GeneralTools:
    """The toolset `general`; it needs no network and no secret."""

    def __init__(self, clock: Clock) -> None:
        tools = (_time_tool(clock), _CALCULATE, _CONVERT)
        everything = (*tools, _capabilities_tool([tool.spec for tool in tools]))
        self._tools = {tool.spec.name: tool for tool in everything}

    @property
    def specs(self) -> Sequence[ToolSpec]:
        return [tool.spec for tool in self._tools.values()]

    def check(self, call: ToolCall) -> ToolResult | None:
        read = self._read(call)
        return read if isinstance(read, ToolResult) else None

    async def run(self, call: ToolCall, context: CallContext) -> ToolResult:
        del context  # no answer depends on the caller
        read = self._read(call)
        if isinstance(read, ToolResult):
            return read
        # in a thread: the first conversion loads its library, which takes half a second
        return await asyncio.to_thread(_answered, self._tools[call.name], read)

    def _read(self, call: ToolCall) -> Mapping[str, Any] | ToolResult:
        """The arguments, or the error for the model."""
        if call.name not in self._tools:
            return ToolResult("error", f"There is no tool {call.name[:64]!r}; there are {', '.join(self._tools)}.")
        arguments, advice = check_arguments(self._tools[call.name].spec.parameters, call.arguments)
        return ToolResult("error", advice) if advice else arguments or {}


def _answered(tool: BuiltIn, arguments: Mapping[str, Any]) -> ToolResult:
    try:
        answer = tool.answer(**arguments)
    except BadInput as error:
        return ToolResult("error", error.message)
    return ToolResult("ok", json.dumps(answer, ensure_ascii=False))


def _schema(properties: Mapping[str, Any], required: Sequence[str]) -> Mapping[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _time_tool(clock: Clock) -> BuiltIn:
    zone = {
        "type": "string",
        "minLength": 1,
        "maxLength": 100,
        "description": "An IANA time zone such as Asia/Tokyo, a large city, or an offset such as UTC+05:30; else UTC.",
    }
    spec = ToolSpec(
        "GetCurrentTime",
        "The current date, time, weekday and UTC offset in a time zone.",
        _schema({"zone": zone}, ()),
        safe=True,
    )
    return BuiltIn(spec, lambda zone="UTC": current_time(zone, clock.now()))


def _capabilities_tool(others: Sequence[ToolSpec]) -> BuiltIn:
    spec = ToolSpec(
        "ListCapabilities",
        "What this assistant can do: its tools and what each is for. For questions such as 'what can you do?'.",
        _schema({}, ()),
        safe=True,
    )
    tools = [{"tool": other.name, "does": other.description} for other in others]
    return BuiltIn(spec, lambda: {"tools": tools, "beside": _BESIDE})


_BESIDE = "Conversation and general knowledge, which may be out of date; no web search, no files and no accounts."

_CALCULATE = BuiltIn(
    ToolSpec(
        "Calculate",
        "Exact arithmetic: decimals and fractions are never rounded silently (0.1 + 0.2 is 0.3)."
        " Has + - * / // % ** and sqrt, cbrt, abs, round (half away from zero), floor, ceil, min, max, exp, ln,"
        " log(x, base), log10, log2, gcd, lcm, factorial, comb, pi, e.",
        _schema(
            {
                "expression": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": MAX_CHARACTERS,
                    "description": "Such as (1 + 0.05) ** 10 * 1200, without units and thousands separators.",
                }
            },
            ("expression",),
        ),
        safe=True,
    ),
    calculate,
)

_CONVERT = BuiltIn(
    ToolSpec(
        "ConvertUnits",
        "Converts an amount between units of length, mass, time, temperature, volume, speed, energy, data and so on."
        " Not for currencies.",
        _schema(
            {
                "value": {
                    "type": "number",
                    "minimum": -MAX_AMOUNT,
                    "maximum": MAX_AMOUNT,
                    "description": "The amount.",
                },
                "from_unit": {"type": "string", "description": "Its unit, such as mile, degF, km/h or kg*m/s**2."},
                "to_unit": {"type": "string", "description": "The unit to convert it to, such as kilometer or degC."},
            },
            ("value", "from_unit", "to_unit"),
        ),
        safe=True,
    ),
    lambda value, from_unit, to_unit: convert(value, from_unit, to_unit),
)
