"""Durations such as `90d` or `12h`."""

from __future__ import annotations

import re

import typer

_SECOND = 1000
UNITS = {"s": _SECOND, "m": 60 * _SECOND, "h": 3_600 * _SECOND, "d": 86_400 * _SECOND, "w": 7 * 86_400 * _SECOND}
LONGEST = 100 * 365 * UNITS["d"]
_FORM = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)


def milliseconds(text: str) -> int:
    """A duration in milliseconds. Raises typer.BadParameter, which is a usage error."""
    match = _FORM.fullmatch(text.strip().lower())
    duration = int(match[1]) * UNITS[match[2]] if match else 0
    if not 0 < duration <= LONGEST:
        raise typer.BadParameter(f"{text!r} is no duration: write a number and s, m, h, d or w, as in 90d or 12h.")
    return duration
