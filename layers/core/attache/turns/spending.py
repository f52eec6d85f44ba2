"""Tokens of a turn across its runners: each runner records its count with its steps."""

from __future__ import annotations

from collections.abc import Iterable

from attache.sessions.entries import Agent, Entry, Turn, TurnUsage
from attache.sessions.log import SessionLog


def spent(log: SessionLog, turn: int, own: TurnUsage | None = None) -> TurnUsage | None:
    """Tokens of turn `turn`, as far as they are known; `own`: the latest count of this log's writer.

    A model call that was cut off with its runner is in no step; it has a usage row of its own, at best.
    """
    recorded = {entry.writer: usage for entry in _of_turn(log, turn) if (usage := _recorded(entry))}
    if own is not None:
        recorded[log.writer] = own
    if not recorded:
        return None
    last = own or list(recorded.values())[-1]
    return TurnUsage(
        last.model,
        summed(usage.input_tokens for usage in recorded.values()),
        summed(usage.output_tokens for usage in recorded.values()),
    )


def summed(numbers: Iterable[int | None]) -> int | None:
    """The sum of the known numbers; None if there are none."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _of_turn(log: SessionLog, turn: int) -> list[Entry]:
    """The entries since the turn began; for a message that waited, that is later than the message."""
    took = (entry.number for entry in log.entries if isinstance(entry.body, Turn) and entry.body.begins(turn))
    began = next(took, turn)
    return [entry for entry in log.entries if entry.number > began]


def _recorded(entry: Entry) -> TurnUsage | None:
    return entry.body.usage if isinstance(entry.body, Agent) else None
