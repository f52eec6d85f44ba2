"""How much of a history a turn reads for its prompt."""

from __future__ import annotations

import random
from math import ceil

import pytest

from attache.sessions.entries import Entry, Text, User
from attache.sessions.history import TurnMade
from attache.sessions.table import FIRST_LOOK, WINDOW
from attache.turns.window import fills_window, missing_from_window, window
from tests.bench.histories import History

NOW = 1_800_000_000_000


def entries(messages: int, apart: int = 600) -> tuple[Entry, ...]:
    return tuple(History(messages, apart=apart).entries(NOW))


def test_thirty_eight_messages_fill_a_window_beside_the_turn_that_comes_and_pieces_are_none() -> None:
    assert fills_window(entries(38))
    assert not fills_window(entries(36))
    assert len(entries(36)) > 40


def test_a_window_shows_nothing_of_what_is_left_unread() -> None:
    read, waiting = entries(38), User("And now?", runner="a")
    whole = (*entries(400)[: -len(read)], *read)
    turn = Entry(whole[-1].number + 1, NOW, "a.1", waiting)
    shown = window((*whole, turn), None)
    assert len(shown) == 20
    assert isinstance(shown[0], TurnMade)
    assert shown[0].cause.number == whole[-len(read)].number


def test_a_turn_of_which_the_beginning_is_missing_is_none() -> None:
    assert not fills_window(entries(38)[1:])


@pytest.mark.parametrize("apart", [60, 86_400])
@pytest.mark.parametrize("at_hand", [30, 50, 61, 64])
def test_what_is_missing_is_read_at_once_and_little_more(at_hand: int, apart: int) -> None:
    whole = entries(400, apart=apart)
    tail = whole[-at_hand:]
    if not fills_window(tail):
        missing = missing_from_window(tail)
        both = whole[-at_hand - missing :]
        assert fills_window(both)
        assert not fills_window(both[ceil(len(both) / 4) :])


def test_turns_that_differ_are_nearly_always_read_at_once() -> None:
    draw, at_once = random.Random(0), 0
    for _ in range(100):
        whole = unlike(draw)
        missing = missing_from_window(whole[-FIRST_LOOK:])
        at_once += fills_window(whole[-FIRST_LOOK - missing :])
    assert at_once >= 90


def unlike(draw: random.Random) -> tuple[Entry, ...]:
    """A history whose turns have none to twelve pieces."""
    kept, share = list[Entry](), 1.0
    for entry in entries(200):
        share = draw.random() if isinstance(entry.body, User) else share
        if not isinstance(entry.body, Text) or draw.random() < share:
            kept.append(entry)
    return tuple(kept)


def test_where_too_little_is_at_hand_to_guess_a_page_is_read() -> None:
    assert missing_from_window((Entry(1, NOW, "a.1", Text("so far")),)) == WINDOW
