"""DynamoDB's capacity units by its documented rules, from the sizes of items.

Developer guide, "DynamoDB item sizes and formats" and "DynamoDB read and write operations". A unit of reading is
4 KB, strongly consistent; one of writing is 1 KB.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Any

from attache.aws import Item

READ_STEP = 4096
WRITE_STEP = 1024
MONTH = 30 * 86_400
CONTAINER = 3  # bytes that a list or map takes, and one more for each element


def item_size(item: Item) -> int:
    """Bytes of an item: its attributes' names and values."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def query_units(items: Iterable[Item], *, consistent: bool) -> float:
    """A page of a query: the summed size of its items; one that finds nothing costs as much as the smallest."""
    return _read_units(sum(item_size(item) for item in items), consistent=consistent)


def get_units(item: Item | None, *, consistent: bool) -> float:
    return _read_units(item_size(item) if item else 0, consistent=consistent)


def write_units(before: Item | None, after: Item | None) -> int:
    """One write: the larger of the item before and after it."""
    return max(1, ceil(max(_size(before), _size(after)) / WRITE_STEP))


def index_units(before: Item | None, after: Item | None, key: Sequence[str], projected: Sequence[str]) -> int:
    """What a write costs in an index: nothing where its entry stays as it is, twice where its key changes."""
    old, new = (_entry(item, key, projected) for item in (before, after))
    if old == new:
        return 0
    if old and new and [old[name] for name in key] != [new[name] for name in key]:
        return write_units(old, None) + write_units(None, new)
    return write_units(old, new)


def byte_months(item: Item) -> float:
    """Bytes times months until an entry or a usage row expires; storage counts 100 bytes more for each item."""
    if "expires" not in item or "at" not in item:
        return 0.0
    kept = int(item["expires"]["N"]) - int(item["at"]["N"]) / 1000
    return (item_size(item) + 100) * kept / MONTH


def _entry(item: Item | None, key: Sequence[str], projected: Sequence[str]) -> Item | None:
    """An item as an index holds it; None where it lacks the index's key."""
    if item is None or any(name not in item for name in key):
        return None
    return {name: item[name] for name in ("pk", "sk", *key, *projected) if name in item}


def _size(item: Item | None) -> int:
    return item_size(item) if item else 0


def _read_units(size: int, *, consistent: bool) -> float:
    return max(1, ceil(size / READ_STEP)) * (1.0 if consistent else 0.5)


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, given),) = value.items()
    match kind:
        case "S":
            return len(given.encode())
        case "N":
            return _number_size(given)
        case "B":
            return len(given)
        case "L":
            return CONTAINER + sum(1 + _value_size(each) for each in given)
        case "M":
            return CONTAINER + sum(1 + len(name.encode()) + _value_size(each) for name, each in given.items())
    return 1


def _number_size(text: str) -> int:
    """A byte for each two significant digits, and one; zeros at either end do not count."""
    digits = text.lower().partition("e")[0].lstrip("-").replace(".", "").strip("0")
    return ceil(len(digits) / 2) + 1 + text.startswith("-")
