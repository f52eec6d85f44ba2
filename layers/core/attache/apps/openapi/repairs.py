"""Repairs of what descriptions often have, and providers of models or our own check would refuse a tool for."""

from __future__ import annotations

import json
import re
from typing import Any

_NOT_TEXT = frozenset(["integer", "number", "boolean", "object", "array"])


def repair(schema: dict[str, Any]) -> None:
    """Repair a schema, not those in it."""
    types = _types(schema)
    if "array" in types and not isinstance(schema.get("items"), dict):
        # OpenAI refuses a request for one array without `items` in any of its tools
        schema["items"] = {} if schema.get("items", True) is True else {"not": {}}
    if "string" in types and not types & _NOT_TEXT:
        _quote(schema)
    _drop_foreign_patterns(schema)


def _types(schema: dict[str, Any]) -> set[str]:
    said = schema.get("type")
    return {each for each in (said if isinstance(said, list) else [said]) if isinstance(each, str)}


def _quote(schema: dict[str, Any]) -> None:
    """Choices of a text that YAML reads as numbers or booleans (`enum: [1, 2]`), as which they could not be given."""
    if isinstance(schema.get("enum"), list):
        schema["enum"] = [_text(each) for each in schema["enum"]]
    schema |= {key: _text(schema[key]) for key in ("const", "default") if key in schema}


def _text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, int | float) else value


def _drop_foreign_patterns(schema: dict[str, Any]) -> None:
    """Patterns are ECMAScript's; those that Python cannot compile are left to the API to check."""
    if "pattern" in schema and not _compiles(schema["pattern"]):
        del schema["pattern"]
    for pattern in [each for each in schema.get("patternProperties", ()) if not _compiles(each)]:
        del schema["patternProperties"][pattern]


def _compiles(pattern: Any) -> bool:
    try:
        re.compile(pattern)
    except (re.error, TypeError, OverflowError):
        return False
    return True
