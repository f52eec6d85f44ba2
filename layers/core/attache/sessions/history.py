"""A session's log as a conversation: turns and their steps, in the order in which they were answered.

Both snapshot and prompt are made from this. A message that had to wait comes where its turn began, a withdrawn one
where it was withdrawn; those that still wait come last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from attache.sessions.entries import (
    Agent,
    CallAsked,
    CallResult,
    End,
    Entry,
    Event,
    Interrupt,
    OutcomeOf,
    Result,
    Text,
    Turn,
    User,
    approved_by,
)

Came = tuple[Entry, CallResult]  # a call's result, and the entry that has it


@dataclass
class StepMade:
    """One answer of the model: text, then calls with their results. `number` is that of its entry.

    `withdrawn`: the final results of calls that waited for approval when their turn was interrupted.
    """

    number: int
    at: int
    text: str
    calls: tuple[CallAsked, ...] = ()
    results: dict[str, Came] = field(default_factory=dict)
    withdrawn: dict[str, Came] = field(default_factory=dict)
    opaque: Mapping[str, Any] | None = None
    cut: bool = False


@dataclass
class TurnMade:
    """A turn. `cause` is the entry that it answers: a message, or the outcome of something pending.

    `pieces` are the stored pieces of an unfinished answer; `end` is None while the turn runs.
    """

    cause: Entry
    steps: list[StepMade] = field(default_factory=list)
    pieces: list[Entry] = field(default_factory=list)
    end: Entry | None = None

    @property
    def running_text(self) -> str:
        return "".join(piece.body.text for piece in self.pieces if isinstance(piece.body, Text))


@dataclass(frozen=True)
class Unanswered:
    """A message that waits, or was withdrawn by the interrupt with the number `withdrawn`.

    `came`: the result of an approved call that was withdrawn with it.
    """

    cause: Entry
    withdrawn: int | None = None
    came: tuple[Came, ...] = ()


@dataclass(frozen=True)
class SystemMessage:
    """A message from the client or the system, beside the conversation."""

    entry: Entry
    text: str


Part = TurnMade | Unanswered | SystemMessage


def settled_by(part: Part) -> int | None:
    """The number of the entry that ended a part; None while the part may still change."""
    match part:
        case TurnMade(end=end):
            return end.number if end else None
        case Unanswered(withdrawn=number):
            return number
        case SystemMessage(entry):
            return entry.number


def conversation(entries: Iterable[Entry]) -> list[Part]:
    """The parts of a conversation. If the entries begin in the middle, a turn whose cause is missing is left out."""
    telling = _Telling()
    for entry in entries:
        telling.tell(entry)
    return telling.parts + [Unanswered(cause) for cause in telling.waiting.values()]


class _Telling:
    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.waiting: dict[int, Entry] = {}
        self.turn: TurnMade | None = None

    def tell(self, entry: Entry) -> None:
        match entry.body:
            case User(runner=str()):
                self._begin(entry)
            case User() | OutcomeOf():
                self.waiting[entry.number] = entry
            case Turn(of) if of in self.waiting:
                self._begin(self.waiting.pop(of))
            case Interrupt() as interrupt:
                self._withdraw(entry, interrupt)
            case Event(what="message", data=data):
                self.parts.append(SystemMessage(entry, str(data.get("text", ""))))
            case _ if self.turn is not None:
                self._go_on(self.turn, entry)

    def _withdraw(self, entry: Entry, interrupt: Interrupt) -> None:
        came = {result.call_id: (entry, result) for result in interrupt.results}
        for cause in self.waiting.values():
            approved = approved_by(cause.body)
            mine = (came.pop(approved.call_id),) if approved and approved.call_id in came else ()
            self.parts.append(Unanswered(cause, entry.number, mine))
        self.waiting.clear()
        for step in self.turn.steps if self.turn else ():
            step.withdrawn |= {call.call_id: came[call.call_id] for call in step.calls if call.call_id in came}

    def _begin(self, cause: Entry) -> None:
        self.turn = TurnMade(cause)
        self.parts.append(self.turn)

    def _go_on(self, turn: TurnMade, entry: Entry) -> None:
        match entry.body:
            case Text():
                turn.pieces.append(entry)
            case Agent() as step:
                turn.steps.append(_step(entry, step))
                turn.pieces = []
            case Result(result) if turn.steps:
                turn.steps[-1].results[result.call_id] = (entry, result)
            case End() as end:
                self._end(turn, entry, end)

    def _end(self, turn: TurnMade, entry: Entry, end: End) -> None:
        approved = approved_by(turn.cause.body)
        if approved and not turn.steps:  # it ended before the approved call became its first step
            turn.steps.append(StepMade(entry.number, entry.at, "", (approved,)))
        for result in end.results if turn.steps else ():
            turn.steps[-1].results[result.call_id] = (entry, result)
        if end.text:
            turn.steps.append(_step(entry, end))
        turn.pieces, turn.end, self.turn = [], entry, None


def _step(entry: Entry, step: Agent | End) -> StepMade:
    number = step.pieces[0].number if step.pieces else entry.number
    calls, cut = (step.calls, step.cut) if isinstance(step, Agent) else ((), step.status == "interrupted")
    return StepMade(number, entry.at, step.text, calls, opaque=step.opaque, cut=cut)
