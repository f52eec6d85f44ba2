"""How far a call with steps is, read from the API's answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from attache.sessions.shown_results import parsed
from attache.tools.http_tool import Steps
from attache.tools.tool import ToolResult

MOST_SAID = 500
_WHOLE = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True)
class Progress:
    """`state` decides whether to poll again; `said` is sent to the client meanwhile."""

    state: Literal["done", "failed", "going on"]
    said: str = ""


def progress(steps: Steps, result: ToolResult) -> Progress:
    """Read an answer. One that is an error says nothing: the poll is repeated."""
    if result.outcome != "ok":
        return Progress("going on")
    answer = _answer(result)
    state = _word(field(answer, steps.field))
    if state in steps.done or state in steps.failed:
        return Progress("done" if state in steps.done else "failed")
    said = _word(field(answer, steps.message or steps.field))
    return Progress("going on", said[:MOST_SAID] if said is not None else "")


def poll_arguments(steps: Steps, first: ToolResult) -> dict[str, Any] | None:
    """The poll's arguments, taken from the first answer; None if it lacks one."""
    answer = _answer(first)
    declared = steps.poll.parameters.get("properties", {})
    found = {name: _typed(field(answer, path), declared.get(name, {})) for name, path in steps.arguments.items()}
    return None if None in found.values() else found


def _typed(value: Any, declared: Mapping[str, Any]) -> Any:
    """A number as text where the poll takes text, or the reverse: APIs answer `17` and take `"17"`."""
    kinds = declared.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    if isinstance(value, int) and not isinstance(value, bool) and "string" in kinds and "integer" not in kinds:
        return str(value)
    if isinstance(value, str) and "string" not in kinds and "integer" in kinds and _WHOLE.fullmatch(value):
        return int(value)
    return value


def field(answer: Any, path: str) -> Any:
    """The value at a path such as `data.items.0.id`; None if there is none."""
    for name in path.split("."):
        if isinstance(answer, list) and name.isdecimal() and int(name) < len(answer):
            answer = answer[int(name)]
        elif isinstance(answer, dict):
            answer = answer.get(name)
        else:
            return None
    return answer


def _word(value: Any) -> str | None:
    """A string as it is, anything else as JSON (`true`); None if there is no value."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _answer(result: ToolResult) -> Any:
    return parsed(result.whole if result.whole is not None else result.text)
