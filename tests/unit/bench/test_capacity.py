from __future__ import annotations

from typing import Any

import pytest

from attache.aws import Item
from tests.bench.capacity import get_units, index_units, item_size, query_units, write_units


def item(size: int) -> Item:
    return {"pk": {"S": "x" * (size - 2)}}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "né"}, 3),
        ({"N": "0"}, 1),
        ({"N": "1800000000000"}, 2),
        ({"N": "-12.5"}, 4),
        ({"BOOL": True}, 1),
        ({"B": b"1234"}, 4),
        ({"L": [{"S": "ab"}, {"NULL": True}]}, 3 + 3 + 2),
        ({"M": {"k": {"S": "ab"}}}, 3 + 1 + 3),
    ],
)
def test_the_size_of_a_value_follows_its_type(value: Any, size: int) -> None:
    assert item_size({"a": value}) == 1 + size


def test_a_query_is_rounded_once_for_all_its_items() -> None:
    assert query_units([item(100)] * 40, consistent=True) == 1
    assert query_units([item(100)] * 41, consistent=True) == 2
    assert query_units([item(100)] * 41, consistent=False) == 1
    assert query_units([], consistent=True) == 1


def test_a_read_of_one_item_is_rounded_to_four_kilobytes() -> None:
    assert [get_units(found, consistent=True) for found in (None, item(4096), item(4097))] == [1, 1, 2]


def test_a_write_costs_by_the_larger_of_before_and_after() -> None:
    assert write_units(None, item(1024)) == 1
    assert write_units(item(3000), item(10)) == 3
    assert write_units(item(10), None) == 1


def test_an_index_is_written_where_its_entry_changes() -> None:
    key, projected = ("wallet", "created"), ("title",)
    bare: Item = {"pk": {"S": "p"}, "sk": {"S": "s"}}
    listed: Item = {**bare, "wallet": {"S": "0x"}, "created": {"S": "now"}, "title": {"S": "New"}}
    assert index_units(None, bare, key, projected) == 0
    assert index_units(bare, listed, key, projected) == 1
    assert index_units(listed, {**listed, "last": {"N": "7"}}, key, projected) == 0
    assert index_units(listed, {**listed, "title": {"S": "Trading"}}, key, projected) == 1
    assert index_units(listed, {**listed, "wallet": {"S": "0y"}}, key, projected) == 2
