"""Tool names: short, unique, and the same on every deploy."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from attache.apps.openapi.names import VALID, Wanted, plain_name, tool_names


def test_words_become_a_name() -> None:
    assert plain_name("GET /prices/{symbol}") == "GET_prices_symbol"
    assert plain_name("日本") == "tool"
    assert tool_names([Wanted("getPrice", "a")]) == ["getPrice"]


def test_a_chosen_name_stays_and_another_gives_way() -> None:
    names = tool_names([Wanted("x", "a", chosen="getPrice"), Wanted("getPrice", "b")])
    assert names[0] == "getPrice"
    assert names[1].startswith("getPrice_")


def test_a_long_name_is_cut_with_a_hash_that_tells_it_apart() -> None:
    first, second = tool_names([Wanted("x" * 70 + "1", "a"), Wanted("x" * 70 + "2", "b")])
    assert len(first) == len(second) == 64
    assert first != second


@given(st.lists(st.text(max_size=80), max_size=20))
def test_names_are_valid_unique_and_do_not_depend_on_order(words: list[str]) -> None:
    wanted = [Wanted(word, f"operation {number}") for number, word in enumerate(words)]
    names = tool_names(wanted)
    assert all(VALID.fullmatch(name) for name in names)
    assert len(set(names)) == len(names)
    assert tool_names(wanted[::-1]) == names[::-1]
