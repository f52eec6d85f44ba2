"""Parsing JSON from clients; what could not be stored and sent again unchanged is refused."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from attache.errors import BadInput

MAX_DEPTH = 64


def parse_json(text: str | bytes, what: str) -> Any:
    """The value of a JSON text. `what` names it in the error: "The body".

    Raises BadInput for malformed JSON, for nesting deeper than 64, and for what Python's parser accepts but JSON or
    UTF-8 cannot express: NaN, numbers that overflow, lone surrogates.
    """
    try:
        value = json.loads(text, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{what} is not valid JSON.") from error
    if _depth(value) > MAX_DEPTH:
        raise BadInput(f"{what} is nested more than {MAX_DEPTH} levels deep.")
    return value


def parse_object(text: str | bytes, what: str) -> dict[str, Any]:
    """As `parse_json`, for a JSON object. Raises BadInput for any other value."""
    value = parse_json(text, what)
    if not isinstance(value, dict):
        raise BadInput(f"{what} must be a JSON object.")
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return depth
