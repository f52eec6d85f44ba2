"""The caller's preferences: `Accept` (RFC 9110, 12.5.1) and `Prefer` (RFC 7240).

What cannot be parsed is ignored, never refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Form = Literal["stream", "snapshot"]

MAX_WAIT = 25.0
POLLS_AFTER = 1.0  # a caller with a client id polls and follows updates

_MEDIA_TYPES: dict[Form, tuple[str, ...]] = {
    "stream": ("*/*", "text/*", "text/event-stream"),
    "snapshot": ("*/*", "application/*", "application/json"),
}


def wanted_form(accept: str, otherwise: Form) -> Form:
    """The form that `Accept` ranks higher; `otherwise` if it ranks them alike or knows neither.

    A named type outranks a wildcard of the same quality: `application/json, */*` asks for the snapshot.
    """
    ranges = _qualities(accept)
    stream, snapshot = _rank(ranges, "stream"), _rank(ranges, "snapshot")
    if stream == snapshot:
        return otherwise
    return "stream" if stream > snapshot else "snapshot"


def _qualities(accept: str) -> dict[str, float]:
    qualities = {}
    for part in accept.lower().split(","):
        media_type, *parameters = (piece.strip() for piece in part.split(";"))
        qualities[media_type] = _quality(parameters)
    return qualities


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return _number(value.strip()) or 0.0
    return 1.0


def _rank(ranges: dict[str, float], form: Form) -> tuple[float, int]:
    """Quality, then specificity; the most specific range that matches decides the quality."""
    for closeness, media_type in reversed(list(enumerate(_MEDIA_TYPES[form], start=1))):
        if media_type in ranges:
            quality = ranges[media_type]
            return (quality, closeness) if quality > 0 else (0.0, 0)
    return (0.0, 0)


@dataclass(frozen=True)
class Preferences:
    """`wait` in seconds; None if it is missing or cannot be parsed."""

    wait: float | None = None
    respond_async: bool = False


def preferences(prefer: str) -> Preferences:
    """Parse `Prefer`; of a repeated preference the first counts, as the RFC says."""
    said: dict[str, str] = {}
    for part in prefer.split(","):
        name, _, value = part.split(";")[0].partition("=")
        said.setdefault(name.strip().lower(), value.strip().strip('"'))
    return Preferences(_number(said.get("wait", "")), "respond-async" in said)


def snapshot_wait(prefer: str, *, polls: bool, otherwise: float) -> float:
    """How many seconds a snapshot may wait for its turn to end; `otherwise` if the caller does not say.

    `respond-async, wait=5` is RFC 7240's own example: wait so long, then return whatever there is.
    """
    asked = preferences(prefer)
    if asked.wait is not None:
        return min(asked.wait, MAX_WAIT)
    if asked.respond_async:
        return 0.0
    return POLLS_AFTER if polls else otherwise


def _number(text: str) -> float | None:
    """A plain decimal number, not negative; Python's `float` would also accept "nan", "1e9" and "1_0"."""
    digits = text.replace(".", "", 1)
    return float(text) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None
