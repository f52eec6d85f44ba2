"""What a log tells, read by rules of its own: a second opinion on every entry, apart from the fold that is shipped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from attache.sessions.entries import (
    Agent,
    Call,
    Deleted,
    Delivered,
    End,
    Entry,
    Event,
    Interrupt,
    OutcomeOf,
    Result,
    Sign,
    Text,
    Turn,
    User,
)
from attache.tools.tool import PendingKind
from tests.model.far_things import Stored
from tests.model.script import outcome_name

DEAD = 22_000  # milliseconds without a sign, before another may take a turn
MOST_WAITING = 20
FORGOTTEN = 86_400.0  # seconds after which nothing may be left of a deleted session

CallState = Literal["asked", "recorded"]


@dataclass
class ToldTurn:
    """A message and what became of it. `born` says in which of the sessions of this id it stands, `began` with which
    entry its turn began; `approved` is the call that is to run in it.

    `quiet`: the longest time (ms) for which it had no living runner.
    """

    cause: int
    message: str
    born: int
    runner: str = ""
    began: int = 0
    approved: str | None = None
    seen: int = 0
    text: str = ""
    pieces: list[tuple[int, int]] = field(default_factory=list)
    unstepped: str = ""
    calls: dict[str, CallState] = field(default_factory=dict)
    interrupt: int | None = None
    takeovers: int = 0
    quiet: int = 0
    end: End | None = None
    withdrawn: bool = False
    deleted: bool = False

    @property
    def over(self) -> bool:
        return self.end is not None or self.withdrawn or self.deleted


@dataclass(frozen=True)
class Asked:
    """Something that is pending; `id` is what its outcome names it by."""

    kind: PendingKind
    call_id: str
    id: str


class Story:
    """Tell it every stored entry in order; `faults` are the rules that were broken.

    `recorded` are the calls that may have been sent, each with the session (by its birth) that it belongs to;
    `pending` is what waits, by entry; `came` counts the outcomes of each call; `approved` are calls that may run.
    """

    def __init__(self) -> None:
        self.turns: list[ToldTurn] = []
        self.running: ToldTurn | None = None
        self.waiting: list[ToldTurn] = []
        self.faults: list[str] = []
        self.recorded: dict[str, int] = {}
        self.pending: dict[int, Asked] = {}
        self.came: Counter[str] = Counter()
        self.approved: set[str] = set()
        self.events = 0
        self.deletions = 0
        self.born: int | None = None
        self.titled = ""
        self._last = 0
        self._told_at = 0.0
        self._long_ago = False  # what was asked may have expired unanswered

    @property
    def busy(self) -> bool:
        return self.running is not None or bool(self.waiting)

    def tell(self, stored: Stored) -> None:
        entry, beside = stored.entry, stored.beside
        long_ago = stored.time - self._told_at > FORGOTTEN
        self._long_ago = self._long_ago or long_ago
        self._unless(entry.number == self._last + 1 or long_ago, entry, f"follows {self._last}")
        self._last, self._told_at = entry.number, stored.time
        if beside.new_head is not None:
            self._unless(self.born is None or long_ago, entry, "begins a session that is there")
            self.born, self.running, self.waiting, self.titled = entry.number, None, [], ""
            self.pending = {}
        if self.born is None:
            self._wrong(entry, "is in no session")
        else:
            self._tell(entry)

    def _tell(self, entry: Entry) -> None:
        match entry.body:
            case User() as message:
                self._message(entry, message)
            case OutcomeOf() as outcome:
                self._came(entry, outcome)
            case Turn() as turn:
                self._taken(entry, turn)
            case Interrupt() as interrupt:
                self._interrupted(entry, interrupt)
            case End() as end:
                self._ended(entry, end)
            case Deleted():
                self._deleted()
            case Event(what="title", data=data):
                self._unless(data["by"] == "user" or not self.titled, entry, f"names it over {self.titled}")
                self.titled = str(data["title"])
            case Event() | Delivered():
                pass
            case Text() | Agent() | Call() | Result() | Sign():
                self._worked(entry)
            case _:
                self._wrong(entry, "is of no kind that these schedules have")

    def _message(self, entry: Entry, message: User) -> None:
        told = ToldTurn(entry.number, message.message, self.born or 0)
        again = [turn.cause for turn in self.turns if (turn.message, turn.born) == (told.message, told.born)]
        self._unless(not again, entry, f"is message {told.message} again, which is {again}")
        self.turns.append(told)
        if message.runner is None:
            self.waiting.append(told)
            self._unless(len(self.waiting) <= MOST_WAITING, entry, "is one message too many")
            return
        self._unless(not self.busy, entry, "takes a turn while something runs or waits")
        self._unless(message.runner == entry.writer, entry, "takes a turn for another")
        told.runner, told.seen, told.began = message.runner, entry.at, entry.number
        self.running = told

    def _came(self, entry: Entry, outcome: OutcomeOf) -> None:
        missing = [number for number in outcome.of if number not in self.pending]
        self._unless(not missing, entry, f"is the outcome of {missing}, which are not pending")
        kinds = {self.pending[number].kind for number in outcome.of if number in self.pending}
        self._unless(kinds <= {outcome.kind}, entry, f"is of kind {outcome.kind}, pending were {kinds}")
        self.events += len(outcome.results) if outcome.kind == "steps" else 0
        call_ids = [self.pending.pop(number).call_id for number in outcome.of if number in self.pending]
        told = [outcome.approved.call_id] if outcome.approved else [result.call_id for result in outcome.results]
        self._unless(told == call_ids, entry, f"tells of {told} what came of {call_ids}")
        self.came.update(call_ids)
        self.approved.update(told if outcome.approved else ())
        turn = ToldTurn(entry.number, outcome_name(call_ids), self.born or 0)
        turn.approved = outcome.approved.call_id if outcome.approved else None
        self.turns.append(turn)
        self.waiting.append(turn)

    def _taken(self, entry: Entry, turn: Turn) -> None:
        self._unless(turn.runner == entry.writer, entry, "takes a turn for another")
        if self.running is None:
            first = self.waiting[0] if self.waiting else None
            if first is None or first.cause != turn.of:
                self._wrong(entry, f"takes turn {turn.of} while {first and first.cause} is the first to wait")
                return
            self.running = self.waiting.pop(0)
            self.running.began = entry.number
        elif self.running.cause != turn.of or turn.why not in ("takeover", "hand-over"):
            self._wrong(entry, f"takes turn {turn.of} beside turn {self.running.cause}")
            return
        else:
            quiet = entry.at - self.running.seen
            self._unless(turn.why == "hand-over" or quiet > DEAD, entry, f"takes over after {quiet} ms")
            self.running.takeovers += turn.why == "takeover"
            self.running.quiet = max(self.running.quiet, quiet)
        self.running.runner, self.running.seen = turn.runner, entry.at

    def _interrupted(self, entry: Entry, interrupt: Interrupt) -> None:
        """What the running turn asked approval for is void, and what was approved and waits is called off."""
        self._unless(self.busy, entry, "interrupts nothing")
        void = {n: asked for n, asked in self.pending.items() if asked.kind == "approval" and self._is_of_running(n)}
        called_off = [turn.approved for turn in self.waiting if turn.approved]
        told = [result.call_id for result in interrupt.results]
        right = interrupt.of == tuple(void) and told == [*(asked.call_id for asked in void.values()), *called_off]
        self._unless(right or self._long_ago, entry, f"withdraws {told}, not {list(void)} and {called_off}")
        self.pending = {number: asked for number, asked in self.pending.items() if number not in interrupt.of}
        self.approved -= set(told)
        if self.running is not None:
            self.running.interrupt = self.running.interrupt or entry.number
        for turn in self.waiting:
            turn.withdrawn = True
        self.waiting = []

    def _is_of_running(self, number: int) -> bool:
        return self.running is not None and number > self.running.began

    def _ended(self, entry: Entry, end: End) -> None:
        turn = self.running
        if turn is None:
            self._wrong(entry, "ends nothing")
            return
        stopped = turn.interrupt is not None
        self._unless((end.status == "interrupted") == stopped, entry, f"is {end.status}, interrupt {turn.interrupt}")
        self._unless(entry.writer == turn.runner or stopped, entry, "is by another than the runner")
        self._step(entry, turn, end)
        left = {*turn.calls, *([turn.approved] if turn.approved else [])}
        self._unless({r.call_id for r in end.results} == left, entry, "leaves calls without a result")
        self._unless(end.waiting == tuple(t.cause for t in self.waiting), entry, "does not know who waits")
        if self._long_ago:
            self.pending = {number: asked for number, asked in self.pending.items() if number in end.pending}
        self._unless(end.pending == tuple(self.pending), entry, f"has {end.pending}, pending are {list(self.pending)}")
        self.events += end.failure is not None
        turn.end, self.running = end, None

    def _deleted(self) -> None:
        for turn in [*self.waiting, *([self.running] if self.running else [])]:
            turn.deleted = True
        self.running, self.waiting, self.born, self.pending = None, [], None, {}
        self.deletions += 1

    def _worked(self, entry: Entry) -> None:
        turn = self.running
        if turn is None or entry.writer != turn.runner:
            self._wrong(entry, f"is by {entry.writer}, the turn is {turn and turn.runner}'s")
            return
        self._unless(turn.interrupt is None, entry, "comes after an interrupt")
        turn.seen = max(turn.seen, entry.at)
        match entry.body:
            case Text(text):
                turn.pieces.append((entry.number, len(text)))
                turn.unstepped += text
            case Agent() as step:
                self._unless(not turn.calls, entry, "comes before the results of the last step")
                self._step(entry, turn, step)
                turn.calls, turn.approved = {call.call_id: "asked" for call in step.calls}, None
            case Call(call_id):
                self._unless(turn.calls.get(call_id) == "asked", entry, "records a call twice, or an unknown one")
                turn.calls[call_id] = "recorded"
                self.recorded[call_id] = turn.born
            case Result(result, pending):
                self._unless(result.call_id in turn.calls, entry, "is a second result, or of an unknown call")
                turn.calls.pop(result.call_id, None)
                if pending is not None:
                    self.pending[entry.number] = Asked(pending.kind, result.call_id, pending.id)
                    self.events += bool(pending.asks)

    def _step(self, entry: Entry, turn: ToldTurn, step: Agent | End) -> None:
        self._unless(step.text.startswith(turn.unstepped), entry, f"withdraws {turn.unstepped!r} for {step.text!r}")
        pieces = [(piece.number, piece.length) for piece in step.pieces]
        self._unless(pieces == turn.pieces, entry, f"covers {pieces}, there are {turn.pieces}")
        turn.text, turn.unstepped, turn.pieces = turn.text + step.text, "", []

    def _unless(self, right: bool, entry: Entry, wrong: str) -> None:
        if not right:
            self._wrong(entry, wrong)

    def _wrong(self, entry: Entry, wrong: str) -> None:
        self.faults.append(f"entry {entry.number} ({entry.kind}) {wrong}")
