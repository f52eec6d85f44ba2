"""What an interrupt withdraws, so that no tool starts after it (contract, "Interrupt")."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from attache.sessions.entries import CallAsked, CallResult, Entry, Interrupt, OutcomeOf, Pending, Result
from attache.sessions.log import SessionLog

_CALLED_OFF = json.dumps(
    {
        "outcome": "interrupted",
        "message": "The user interrupted before this call was sent: it was called off, and its approval is void. "
        "It runs only if the user asks for it again.",
    }
)


def interrupt(log: SessionLog) -> Interrupt:
    """The entry that interrupts the session.

    It withdraws the approval requests of the running turn, and approved calls whose turn has not begun. Requests of
    earlier turns stay pending: the user did not interrupt those.
    """
    asked = [(entry.number, pending.asked) for entry, pending in _asked(log)]
    approved = [entry.body.approved for entry in _at(log, log.view.waiting) if isinstance(entry.body, OutcomeOf)]
    calls = [*(call for _, call in asked), *(call for call in approved if call is not None)]
    return Interrupt(tuple(number for number, _ in asked), tuple(map(_called_off, calls)))


def is_at_hand(log: SessionLog, entries: Iterable[Entry]) -> bool:
    """Whether `entries` hold everything that an interrupt could withdraw."""
    return {*log.view.waiting, *_of_running(log)} <= {entry.number for entry in entries}


def _asked(log: SessionLog) -> Iterator[tuple[Entry, Pending]]:
    for entry in _at(log, _of_running(log)):
        match entry.body:
            case Result(pending=Pending(kind="approval") as pending):
                yield entry, pending


def _of_running(log: SessionLog) -> list[int]:
    running = log.view.running
    return [number for number in log.view.pending if running is not None and number > running.first]


def _at(log: SessionLog, numbers: Iterable[int]) -> list[Entry]:
    wanted = set(numbers)
    return [entry for entry in log.entries if entry.number in wanted]


def _called_off(call: CallAsked) -> CallResult:
    return CallResult(call.call_id, call.name, "interrupted", _CALLED_OFF)
