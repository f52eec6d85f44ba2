"""Output of the commands: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import IO, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDE = 200  # columns where nobody looks: a table in a pipe is not folded
Cell = str | Text


def say(note: str, style: str = "") -> None:
    """A message for the person at the terminal."""
    _console(sys.stderr).print(Text(note, style=style), soft_wrap=True)


def warn(note: str) -> None:
    """A warning for the person at the terminal."""
    say(f"Note: {note}", "yellow")


def give(result: str) -> None:
    """A result alone on a line, for people and scripts."""
    sys.stdout.write(f"{result}\n")


def give_json(result: Any) -> None:
    """A result as JSON, for scripts."""
    give(json.dumps(result, indent=2, ensure_ascii=False))


def give_table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Rows under column headings; text is shown as it is, without interpreting markup."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(printable(cell)) for cell in row))
    _console(sys.stdout).print(table)


def printable(text: str) -> str:
    """`text` without characters that move a terminal's cursor or change its colours."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def counted(number: int, thing: str) -> str:
    """`1 tool`, `2 tools`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def day(at: int | None, otherwise: str) -> str:
    """Milliseconds since 1970 as a UTC time for people, to the minute."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M}" if at is not None else otherwise


def _console(stream: IO[str]) -> Console:
    width = None if stream.isatty() else WIDE
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)
