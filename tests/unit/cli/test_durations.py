"""Durations as people write them."""

from __future__ import annotations

import pytest
import typer

from attache_cli.durations import milliseconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90d", 7_776_000_000),
        ("12h", 43_200_000),
        ("1s", 1_000),
        ("30m", 1_800_000),
        ("2w", 1_209_600_000),
        (" 1H ", 3_600_000),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, expected: int) -> None:
    assert milliseconds(text) == expected


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1.5h", "0d", "1y", "1d2h", "999999999w", "١d", "1d\nx"])
def test_anything_else_is_wrong_usage(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="as in 90d or 12h"):
        milliseconds(text)
