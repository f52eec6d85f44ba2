"""What turns and polls ask of AWS, so that it does not grow unseen; `make bench` has all the figures."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from tests.bench.histories import History, prose, usual
from tests.bench.scenarios import BRIEF, TWO_TOOLS, Bench, paced
from tests.bench.tally import Tally
from tests.fakes.models import says
from tests.functional.cost.conftest import Count

pytestmark = pytest.mark.aws
FULL = usual(40)
LONG = usual(120)


def test_a_brief_turn_writes_four_units_and_sends_one_guard(count: Count) -> None:
    turn = count(FULL, lambda bench, session: bench.turn(session, BRIEF))
    assert (turn.write_units, turn.count("sqs"), turn.count("s3"), turn.count("kms")) == (4, 1, 0, 0)
    assert agrees(turn)


def test_the_first_turn_of_a_session_writes_three_units_more(count: Count) -> None:
    turn = count(FULL, lambda bench, _: bench.turn(None, BRIEF))
    assert turn.write_units == 7  # the message and the head are one transaction, which counts twice
    assert turn.count("sqs") == 2  # the guard, and that the session wants a title
    assert agrees(turn)


def test_an_answer_of_three_thousand_characters_is_written_in_two_units(count: Count) -> None:
    turn = count(FULL, lambda bench, session: bench.turn(session, says(prose(3_000))))
    assert turn.write_units == 4 + 1
    assert agrees(turn)


def test_an_answer_is_stored_in_pieces_half_a_second_apart(count: Count) -> None:
    turn = count(FULL, lambda bench, session: bench.turn(session, paced(3.0, length=600)))
    assert turn.write_units <= 4 + 4
    assert agrees(turn)


def test_two_tools_write_their_step_results_and_the_record_of_the_one_that_changes_something(
    count: Count,
) -> None:
    turn = count(FULL, lambda bench, session: bench.turn(session, TWO_TOOLS, BRIEF))
    assert turn.write_units == 4 + 1 + 2 + 1 + 1  # step, results, call; a usage row for each answer of the model
    assert agrees(turn)


@pytest.mark.parametrize("warm", [False, True])
def test_the_model_is_called_after_two_round_trips(count: Count, warm: bool) -> None:
    turn = count(LONG, lambda bench, session: bench.turn(session, BRIEF, warm=warm))
    assert turn.round_trips == 2


def test_the_snapshot_dialect_calls_the_model_after_seven(count: Count) -> None:
    turn = count(LONG, lambda bench, session: bench.turn_by_a_worker(session, BRIEF))
    assert turn.round_trips == 7  # read, append, wake; receive, read, guard beside the window, append


@pytest.mark.parametrize(
    "history",
    [
        History(40),
        History(120),
        History(120, answers=(3_000,), apart=60),
        History(120, apart=86_400 // 4),
        History(120, answers=(40,), apart=60),
        FULL,
        LONG,
    ],
    ids=["full window", "longer", "long", "pieces expired", "short messages", "summarised", "longer, summarised"],
)
def test_a_cold_turn_reads_a_window_whatever_the_history(count: Count, history: History) -> None:
    turn = count(history, lambda bench, session: bench.turn(session, BRIEF))
    assert 5 < turn.read_units <= 40
    assert turn.round_trips == 2


def test_a_full_window_sends_one_job_more_and_a_summary_writes_its_size(count: Count) -> None:
    turn = count(History(40), lambda bench, session: bench.turn(session, BRIEF))
    assert turn.count("sqs") == 2
    job = count(FULL, lambda bench, _: bench.summary(History(40)))
    assert job.write_units == 2 + 1  # 3 KB, packed, and their keys; a usage row
    assert job.count("sqs") == 2
    assert agrees(job)


def test_a_warm_turn_reads_what_is_new(count: Count) -> None:
    assert count(LONG, lambda bench, session: bench.turn(session, BRIEF, warm=True)).read_units <= 6


@pytest.mark.parametrize("warm", [False, True])
def test_the_owners_other_sessions_cost_a_unit_and_a_half_and_no_round_trip_before_the_model(
    count: Count, warm: bool
) -> None:
    async def owned(bench: Bench, session: str) -> Tally:
        for _ in range(12):
            await bench.session(replace(History(2), wallet=wallet))
        return await bench.turn(session, BRIEF, warm=warm)

    wallet = f"0x{uuid.uuid4().hex}"
    of_nobody = count(LONG, lambda bench, session: bench.turn(session, BRIEF, warm=warm))
    of_somebody = count(replace(LONG, wallet=wallet), owned)
    assert 0 < of_somebody.read_units - of_nobody.read_units <= 1.5
    assert of_somebody.write_units == of_nobody.write_units
    assert of_somebody.round_trips == of_nobody.round_trips == 2


@pytest.mark.parametrize("warm", [False, True])
def test_a_poll_that_finds_nothing_is_one_unit(count: Count, warm: bool) -> None:
    poll = count(LONG, lambda bench, session: bench.poll(session, warm=warm, etag=True))
    assert (poll.read_units, poll.write_units, len(poll.requests)) == (1, 0, 1)


def test_a_poll_of_a_running_turn_that_finds_nothing_is_one_unit_in_any_container(count: Count) -> None:
    poll = count(LONG, lambda bench, session: bench.poll_of_a_running_turn(session))
    assert (poll.read_units, poll.write_units, len(poll.requests)) == (1, 0, 1)


def test_polls_of_a_running_turn_cost_the_same_on_every_machine(count: Count) -> None:
    first, second = (count(FULL, lambda bench, session: bench.polls(session)) for _ in range(2))
    assert first.bytes_out == second.bytes_out
    assert first.read_units == second.read_units < 20 + 25  # one each, and a whole snapshot once
    assert first.write_units == 0


def test_a_warm_container_shows_a_long_session_again_for_one_unit(count: Count) -> None:
    poll = count(LONG, lambda bench, session: bench.poll(session, warm=True, etag=False))
    assert (poll.read_units, poll.write_units) == (1, 0)


@pytest.mark.parametrize("history", [History(120), LONG], ids=["alone", "beside a summary"])
def test_a_guard_that_finds_its_turn_ended_looks_at_the_tail_alone(count: Count, history: History) -> None:
    guard = count(history, lambda bench, session: bench.guard(session))
    assert (guard.read_units, guard.write_units, guard.count("sqs")) == (2, 0, 2)


def test_an_update_channel_opens_with_a_look_at_the_tail_and_idles_on_a_unit_a_look(count: Count) -> None:
    assert count(History(120), lambda bench, session: bench.opening(session)).read_units <= 2
    assert count(LONG, lambda bench, session: bench.opening(session)).read_units <= 3
    assert count(LONG, lambda bench, session: bench.idle_minute(session)).read_units <= 36


def agrees(tally: Tally) -> bool:
    """Whether the write units that DynamoDB reports are those that follow from the sizes of items."""
    return tally.reported_write_units == tally.write_units > 0
