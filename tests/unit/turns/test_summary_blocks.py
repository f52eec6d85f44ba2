"""What leaves the window, what the model is shown of it, and what is taken of its answer."""

from __future__ import annotations

import pytest

from attache.sessions.entries import CallAsked, End, Entry, Event, Interrupt, User
from attache.sessions.history import Part, StepMade, SystemMessage, TurnMade, Unanswered
from attache.sessions.summary import MOST_BYTES, Summary
from attache.turns.prompt import told
from attache.turns.summaries import (
    MOST_TURNS,
    leaving,
    summary_of,
    summary_request,
)
from attache.turns.window import meets, unsummarized


def entry(number: int, body: User | End | Event | Interrupt) -> Entry:
    return Entry(number, 0, f"a.{number}", body)


def turn(number: int, end: int | None) -> TurnMade:
    ended = entry(end, End("done", "yes")) if end else None
    return TurnMade(entry(number, User(f"m{number}", runner="a")), end=ended)


def test_what_ended_by_the_same_entry_leaves_with_it_wherever_it_stands() -> None:
    said = SystemMessage(entry(3, Event("message", {"text": "hi"})), "hi")
    withdrawn, later = Unanswered(entry(2, User("m2")), withdrawn=4), Unanswered(entry(5, User("m5")), withdrawn=9)
    parts: list[Part] = [turn(1, 6), said, withdrawn, later, turn(7, 8), turn(10, None)]
    gone = leaving(parts, 3)
    assert gone is not None
    assert (gone.upto, list(gone.parts)) == (6, [parts[0], said, withdrawn])
    assert leaving(parts, 6) is None
    assert leaving([said, turn(10, None)], 1) is None


def test_the_turn_that_runs_never_leaves() -> None:
    gone = leaving([turn(1, 2), turn(3, None)], 0)
    assert gone is not None
    assert gone.upto == 2


def test_no_more_leave_at_once_than_can_be_told() -> None:
    gone = leaving([turn(2 * n + 1, 2 * n + 2) for n in range(100)], 10)
    assert gone is not None
    assert len(gone.parts) == MOST_TURNS


def test_what_a_client_says_beside_the_conversation_does_not_keep_turns_from_leaving() -> None:
    said: list[Part] = [SystemMessage(entry(n, Event("message", {"text": "hi"})), "hi") for n in range(1, 50)]
    gone = leaving([*said, turn(50, 51), turn(52, 53)], 1)
    assert gone is not None
    assert (gone.upto, len(gone.parts)) == (51, 50)


def test_what_waited_where_a_summary_ends_is_read_back_to() -> None:
    log = (
        entry(1, User("m1", runner="a")), entry(2, User("m2")), entry(3, User("m3")),
        entry(4, End("done", "yes", waiting=(2, 3))), entry(5, Interrupt()),
    )  # fmt: skip
    summary = Summary(1, 4, "m1")
    assert [meets(log[first:], summary) for first in range(5)] == [True, True, False, False, False]
    assert not meets(log, None)
    assert [part.cause.number for part in unsummarized(log[1:], summary) if isinstance(part, Unanswered)] == [2, 3]


@pytest.mark.parametrize(
    ("answer", "text"),
    [("  so far \n", "so far"), ("", ""), ("a\ud83db", "ab"), ("é" * 9_000, "é" * (MOST_BYTES // 2))],
)
def test_a_summary_is_taken_as_it_can_be_kept(answer: str, text: str) -> None:
    assert summary_of(answer) == text


@pytest.mark.parametrize("length", [10, 3_000, 300_000])
def test_long_messages_are_told_in_excerpts(length: int) -> None:
    asked = CallAsked("c1", "Look", "{}")
    cause, step = entry(1, User("é" * length, runner="a")), StepMade(2, 0, "yes", (asked,))
    long = TurnMade(cause, [step], end=entry(3, End("done")))
    request = summary_request("m", None, told([long] * 24), 60_000)
    shown = request.messages[1]["content"]
    assert len(shown.encode()) < 60_200
    assert shown.count("User: é") == 24
    assert ("characters left out" in shown) == (length > 3_000 or length * 48 > 60_000)
