"""Problems with an app's description, and the report on what was compiled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from attache.errors import BadInput


@dataclass(frozen=True)
class Problem:
    """Something to correct. `place`: `app.yaml:12 (tools.expose.0)`; `message` says what to do."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class CannotDeploy(BadInput):
    """The app cannot be used as described; nothing of it was deployed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    @classmethod
    def at(cls, place: str, message: str) -> CannotDeploy:
        return cls([Problem(place, message)])


@dataclass(frozen=True)
class Taken:
    """An operation that became a tool; `tokens` is roughly what it adds to each prompt."""

    tool: str
    operation: str
    safe: bool
    tokens: int


@dataclass(frozen=True)
class LeftOut:
    """An operation that did not become a tool, its place, the reason, and its operationId, if it has one."""

    operation: str
    place: str
    reason: str
    operation_id: str | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.operation} is left out: {self.reason}"


@dataclass(frozen=True)
class Report:
    """The result of compiling: operations taken and left out, and other notes for the operator."""

    taken: tuple[Taken, ...] = field(default=())
    left_out: tuple[LeftOut, ...] = field(default=())
    warnings: tuple[Problem, ...] = field(default=())

    def __add__(self, other: Report) -> Report:
        return Report(self.taken + other.taken, self.left_out + other.left_out, self.warnings + other.warnings)


def suggestion(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'openapi'?`, or the possible choices."""
    words = sorted(known)
    close = get_close_matches(word, words, n=1, cutoff=0.5)
    if close:
        return f" Did you mean {close[0]!r}?"
    listed = ", ".join(words[:20]) + (", …" if len(words) > 20 else "")
    return f" There is: {listed}." if words else ""
