"""The view: a session's state, folded from its log.

Every appender decides on this fold over the whole log up to the slot that it wins, so all of them decide on the same
state. A fold may begin at any `end`, which contains what a fold of everything before it would know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from attache.sessions.entries import (
    Agent,
    Call,
    CallAsked,
    CallResult,
    Deleted,
    Delivered,
    End,
    Entry,
    Event,
    Interrupt,
    OutcomeOf,
    Pending,
    Piece,
    Result,
    Text,
    Turn,
    User,
)


@dataclass(frozen=True)
class OpenCall:
    """A call of the running turn's last step. `recorded`: it may have been sent and may have changed something."""

    asked: CallAsked
    recorded: bool = False
    done: bool = False


@dataclass(frozen=True)
class Running:
    """The running turn. Numbers are those of entries; times are milliseconds of the writers' clocks.

    `turn`: the entry it answers; `first`: the entry it began with; `taken`: the entry that took it last; `seen`: the
    runner's last sign of life. `takeovers`, `text`, `pieces`: takeovers and stored text since the last step.
    """

    turn: int
    first: int
    taken: int
    runner: str
    began: int
    seen: int
    takeovers: int = 0
    steps: int = 0
    text: str = ""
    pieces: tuple[Piece, ...] = ()
    calls: Mapping[str, OpenCall] = field(default_factory=dict)
    interrupt: int | None = None

    @property
    def first_piece(self) -> int | None:
        return self.pieces[0].number if self.pieces else None

    @property
    def open_calls(self) -> tuple[OpenCall, ...]:
        return tuple(call for call in self.calls.values() if not call.done)


@dataclass(frozen=True)
class View:
    """A session's state after entry `last`. `idle_since`: when the last turn ended (ms), 0 if unknown.

    `waiting`: messages in order; `undelivered`: system events; `pending`: results whose calls wait for an outcome. All
    are numbers of entries. `interrupted`: the last event of a turn or waiting message was an interrupt.
    """

    last: int = 0
    running: Running | None = None
    waiting: tuple[int, ...] = ()
    undelivered: tuple[int, ...] = ()
    pending: tuple[int, ...] = ()
    deleted: bool = False
    idle_since: int = 0
    interrupted: bool = False

    @property
    def busy(self) -> bool:
        return self.running is not None or bool(self.waiting)

    def goes_on(self, turn: int) -> bool:
        """Whether the turn of entry `turn` runs or waits."""
        return turn in self.waiting or (self.running is not None and self.running.turn == turn)

    def after(self, entry: Entry) -> View:
        """The state after `entry` as well."""
        past = View() if self.deleted else self
        view = replace(past, last=entry.number, running=_seen(past.running, entry))
        match entry.body:
            case User(runner=None) | OutcomeOf():
                return _waits(view, entry)
            case User(runner=str(runner)):
                return replace(view, running=_taken(None, entry.number, runner, entry), interrupted=False)
            case Turn() as turn:
                waiting = tuple(number for number in view.waiting if number != turn.of)
                return replace(view, waiting=waiting, running=_taken(view.running, turn.of, turn.runner, entry))
            case Interrupt(of):
                running = view.running and replace(view.running, interrupt=view.running.interrupt or entry.number)
                return replace(view, running=running, waiting=(), pending=_without(view.pending, of), interrupted=True)
            case End() as end:
                return _ended(view, end, entry)
            case Event() | Delivered():
                return _told(view, entry)
            case Deleted():
                return View(last=entry.number, deleted=True)
            case _:
                return _asked(replace(view, running=view.running and _stepped(view.running, entry)), entry)


def fold(entries: Iterable[Entry], start: View | None = None) -> View:
    """The state after `entries`, which continue `start` or begin the log; numbers may be missing."""
    view = start or View()
    for entry in entries:
        view = view.after(entry)
    return view


def _seen(running: Running | None, entry: Entry) -> Running | None:
    if running is None or entry.writer != running.runner:
        return running
    return replace(running, seen=max(running.seen, entry.at))


def _taken(before: Running | None, of: int, runner: str, entry: Entry) -> Running:
    if before is None or before.turn != of:
        number, at = entry.number, entry.at
        return Running(turn=of, first=number, taken=number, runner=runner, began=at, seen=at)
    return replace(before, taken=entry.number, runner=runner, seen=entry.at, takeovers=before.takeovers + 1)


def _waits(view: View, entry: Entry) -> View:
    view = replace(view, waiting=(*view.waiting, entry.number), interrupted=False)
    match entry.body:
        case OutcomeOf(of, calls_back=calls_back):
            undelivered = (*view.undelivered, entry.number) if calls_back else view.undelivered
            return replace(view, pending=_without(view.pending, of), undelivered=undelivered)
    return view


def _without(numbers: tuple[int, ...], gone: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(number for number in numbers if number not in gone)


def _told(view: View, entry: Entry) -> View:
    match entry.body:
        case Event(what="system" | "notice"):
            return replace(view, undelivered=(*view.undelivered, entry.number))
        case Delivered(upto):
            return replace(view, undelivered=tuple(number for number in view.undelivered if number > upto))
    return view


def _asked(view: View, entry: Entry) -> View:
    match entry.body:
        case Result(pending=Pending(asks=asks)):
            undelivered = (*view.undelivered, entry.number) if asks else view.undelivered
            return replace(view, undelivered=undelivered, pending=(*view.pending, entry.number))
    return view


def _ended(view: View, end: End, entry: Entry) -> View:
    told = (entry.number,) if end.status == "failed" or end.notice else ()
    return replace(
        view,
        running=None,
        waiting=end.waiting,
        undelivered=end.undelivered + told,
        pending=end.pending,
        idle_since=entry.at,
        interrupted=end.status == "interrupted",
    )


def _stepped(running: Running, entry: Entry) -> Running:
    match entry.body:
        case Text(text):
            piece = Piece(entry.number, len(text))
            return replace(running, text=running.text + text, pieces=(*running.pieces, piece))
        case Agent() as step:
            calls = {call.call_id: OpenCall(call) for call in step.calls}
            return replace(running, text="", pieces=(), calls=calls, steps=running.steps + 1, takeovers=0)
        case Call(call_id):
            return _with_call(running, call_id, recorded=True)
        case Result(CallResult(call_id=call_id)):
            return _with_call(running, call_id, done=True)
        case _:
            return running


def _with_call(running: Running, call_id: str, *, recorded: bool = False, done: bool = False) -> Running:
    call = running.calls.get(call_id)
    if call is None:
        return running
    changed = replace(call, recorded=call.recorded or recorded, done=call.done or done)
    return replace(running, calls={**running.calls, call_id: changed})
