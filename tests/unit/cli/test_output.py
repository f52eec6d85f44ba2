"""What the commands print is text and nothing more."""

from __future__ import annotations

import pytest

from attache_cli.output import day, give_table, printable


def test_text_of_others_moves_no_cursor_and_means_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    give_table(("NAME",), [("[red]\x1b[2Jx\x07[/red]",)])
    assert "[red]�[2Jx�[/red]" in capsys.readouterr().out


def test_a_table_in_a_pipe_is_not_folded(capsys: pytest.CaptureFixture[str]) -> None:
    give_table(("A", "B"), [("a" * 90, "b" * 90)])
    assert f"{'a' * 90}  {'b' * 90}" in capsys.readouterr().out


def test_printable_text_stays_as_it_is() -> None:
    assert printable("zwei\tZeilen\n„schön“ 🔑") == "zwei\tZeilen\n„schön“ 🔑"


def test_a_time_is_said_to_the_minute_in_utc() -> None:
    assert day(1_800_000_000_000, "never") == "2027-01-15 08:00"
    assert day(None, "never") == "never"
