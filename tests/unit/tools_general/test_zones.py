"""Places and their times."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attache.errors import BadInput
from attache.tools.general_zones import current_time

SUMMER = 1_782_907_200_000  # 2026-07-01T12:00:00Z
WINTER = 1_767_268_800_000  # 2026-01-01T12:00:00Z


def test_a_time_says_all_about_itself() -> None:
    assert current_time("Asia/Tokyo", SUMMER) == {
        "zone": "Asia/Tokyo",
        "time": "2026-07-01T21:00:00+09:00",
        "weekday": "Wednesday",
        "utc_offset": "+09:00",
        "abbreviation": "JST",
    }


@pytest.mark.parametrize(
    ("place", "zone", "offset"),
    [
        ("UTC", "UTC", "+00:00"),
        ("asia/tokyo", "Asia/Tokyo", "+09:00"),
        (" Tokyo ", "Asia/Tokyo", "+09:00"),
        ("new york", "America/New_York", "-04:00"),
        ("New_York", "America/New_York", "-04:00"),
        ("NYC", "America/New_York", "-04:00"),
        ("São Paulo", "America/Sao_Paulo", "-03:00"),
        ("St. John's", "America/St_Johns", "-02:30"),
        ("Paris, France", "Europe/Paris", "+02:00"),
        ("Germany", "Europe/Berlin", "+02:00"),
        ("India", "Asia/Kolkata", "+05:30"),
        ("Kathmandu", "Asia/Kathmandu", "+05:45"),
        ("San Francisco", "America/Los_Angeles", "-07:00"),
        ("PST", "America/Los_Angeles", "-07:00"),
        ("Pacific Time", "America/Los_Angeles", "-07:00"),
        ("Eastern Daylight Time", "America/New_York", "-04:00"),
        ("EST", "EST", "-05:00"),
        ("Etc/GMT+5", "Etc/GMT+5", "-05:00"),
        ("UTC+5:30", "UTC+05:30", "+05:30"),
        ("-03", "UTC-03:00", "-03:00"),
    ],
)
def test_a_place_by_any_of_its_names(place: str, zone: str, offset: str) -> None:
    answer = current_time(place, SUMMER)
    assert (answer["zone"], answer["utc_offset"]) == (zone, offset)


def test_the_offset_is_that_of_the_day() -> None:
    assert current_time("London", SUMMER)["utc_offset"] == "+01:00"
    assert current_time("London", WINTER)["utc_offset"] == "+00:00"


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("Tokio", "Did you mean Asia/Tokyo"),
        ("USA", "several time zones.*America/New_York.*America/Los_Angeles"),
        ("Brazil", "several time zones.*America/Sao_Paulo"),
        ("Mars", "IANA name"),
        ("", "IANA name"),
        ("../../etc/passwd", "IANA name"),
        ("localtime", "IANA name"),
        ("UTC+15", "-14:00 to"),
        ("\0", "IANA name"),
        ("x" * 100_000, "IANA name"),
    ],
)
def test_an_unknown_place_is_answered_with_advice(place: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        current_time(place, SUMMER)


@given(st.text(max_size=30))
def test_whatever_is_asked_gets_an_answer_or_advice(place: str) -> None:
    with suppress(BadInput):
        assert current_time(place, SUMMER)["time"].startswith("2026-0")
