"""How texts stand in items."""

from __future__ import annotations

import pytest

from attache.sessions.dynamo_items import entry_item, entry_of
from attache.sessions.entries import End, Entry, User
from attache.sessions.head import Lifetime
from attache.sessions.packing import packed, unpacked
from tests.bench.capacity import item_size
from tests.bench.histories import prose

LIFE = Lifetime(entries=1000)


@pytest.mark.parametrize("text", ["", "Hi", "é" * 400, prose(3_000), "{}" * 9, "\N{GRINNING FACE}\x00\n"])
def test_a_text_comes_out_as_it_went_in_and_takes_no_more(text: str) -> None:
    value = packed(text)
    assert unpacked(value) == text
    assert item_size({"": value}) <= len(text.encode())


def test_what_an_assistant_says_takes_little_more_than_half() -> None:
    assert item_size({"": packed(prose(3_000))}) < 0.6 * 3_000


def test_what_is_short_stays_as_it_is() -> None:
    assert packed("Hi") == {"S": "Hi"}


def test_an_entry_that_was_stored_unpacked_is_read() -> None:
    entry = Entry(7, 1_800_000_000_000, "a.7", User("Hi"))
    item = {**entry_item("s", entry, LIFE), "data": {"S": '{"message":"Hi"}'}}
    assert entry_of(item) == entry


def test_an_entry_that_was_stored_packed_is_read() -> None:
    entry = Entry(7, 1_800_000_000_000, "a.7", End("done", prose(3_000)))
    item = entry_item("s", entry, LIFE)
    assert "B" in item["data"]
    assert entry_of(item) == entry
