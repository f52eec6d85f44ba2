"""The depth of JSON data, measured without recursion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def too_deep(data: Any, limit: int) -> bool:
    """Whether there are values more than `limit` levels below the top."""
    level = [data]
    for _ in range(limit):
        level = [child for value in level for child in _children(value)]
    return bool(level)


def _children(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()
