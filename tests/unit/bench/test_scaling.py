"""infra/SCALING.md says what follows from the figures that are kept beside it."""

from __future__ import annotations

import re

import pytest

from tests.bench.bill import memory
from tests.bench.demand import CLIENTS, Measured, demand
from tests.bench.limits import LIMITS, first
from tests.bench.scaling import DOCUMENT, TABLES, price, written
from tests.bench.searching import Collection, most_passages, most_units

MEASURED = Measured.kept()


def test_the_document_has_the_tables_that_follow_from_the_figures() -> None:
    document = DOCUMENT.read_text()
    assert document == written(document, MEASURED), "make scaling writes them anew"
    assert all(f"<!-- {name}: made by" in document and f"<!-- /{name} -->" in document for name in TABLES)


def test_other_figures_would_be_another_document() -> None:
    other = Measured(**{**vars(MEASURED), "reads": MEASURED.reads * 2})
    assert written(DOCUMENT.read_text(), other) != DOCUMENT.read_text()


@pytest.mark.parametrize("client", CLIENTS)
def test_a_limit_is_reached_where_the_demand_is_the_limit(client: str) -> None:
    for limit in LIMITS:
        reached = limit.reached(client, MEASURED)  # type: ignore[arg-type]
        if reached is not None:
            assert limit.asked(demand(client, round(reached), MEASURED)) == pytest.approx(limit.most, rel=0.001)  # type: ignore[arg-type]


def test_what_the_prose_says_of_the_first_limits_is_so() -> None:
    document = DOCUMENT.read_text()
    account = first("streams, and updates held open", MEASURED)
    reached = account.reached("streams, and updates held open", MEASURED)
    assert account.what.startswith("functions that run at once")
    assert reached is not None
    assert f"are used up at {round(reached, -1):.0f}." in document
    assert first("streams", MEASURED) is account
    assert all(limit.source in document for limit in LIMITS)


@pytest.mark.parametrize(
    ("what", "client", "advice"),
    [
        ("parameters read a second", "streams", "Parameter Store's higher throughput | before {} conversations"),
        ("API requests a second that template.yaml", CLIENTS[2], "`ThrottleBurst` | before {} polling conversations"),
    ],
)
def test_what_is_to_be_done_is_advised_before_the_limit_is_reached(what: str, client: str, advice: str) -> None:
    [limit] = [limit for limit in LIMITS if limit.what.startswith(what)]
    reached = limit.reached(client, MEASURED)  # type: ignore[arg-type]
    assert reached is not None
    assert advice.format(f"{float(f'{reached:.2g}'):,.0f}") in DOCUMENT.read_text()


def test_an_open_channel_is_a_function_that_runs() -> None:
    open_, closed = (demand(client, 600, MEASURED) for client in reversed(CLIENTS[:2]))
    assert open_.running - closed.running == pytest.approx(600)
    assert price(open_) > 5 * price(closed)


def test_ten_turns_a_second_of_ten_seconds_are_a_hundred_at_once() -> None:
    load = demand("streams", 600, MEASURED)
    assert load.turns == 10
    assert load.running == pytest.approx(100 + 10 * 0.1)
    assert load.gigabytes == pytest.approx(load.running * memory("ChatFunction") / 1024)


def test_every_number_of_conversations_of_the_issue_is_in_the_document() -> None:
    assert {"10", "1,000", "100,000"} <= set(re.findall(r"\*\*([\d,]+) conversations\*\*", DOCUMENT.read_text()))


def test_what_the_prose_says_of_the_collections_room_is_so() -> None:
    assert f"allows {most_units()} units for searching, which is room for {most_passages() / 1e6:.1f} million" in (
        DOCUMENT.read_text()
    )
    assert Collection(most_passages()).units == most_units()
    assert Collection(most_passages() + 10_000).units > most_units()


def test_a_search_backend_that_is_awake_takes_two_workers_for_searching_and_one_for_indexing() -> None:
    smallest = Collection(1)
    assert smallest.units == 2
    assert smallest.awake == pytest.approx(3 * 0.24)
