"""The entries of a session's log: everything that can happen to a session.

Each kind is a frozen dataclass; `KINDS` gives the names under which they are stored. An entry's number is its place in
the log, without gaps from the session's first one; its `nonce` begins with the writer's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from attache.tools.tool import Outcome, PendingKind

TurnStatus = Literal["done", "interrupted", "failed"]
What = Literal[
    "created", "title", "archived", "model", "wallet", "app", "client", "user_state",
    "message", "system", "notice", "progress",
]  # fmt: skip


@dataclass(frozen=True)
class CallAsked:
    """A tool call that the model asked for; `arguments` is the model's own JSON text."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class CallResult:
    """The result of a call; `text` is the part that the prompt uses. `whole`: the full text is stored elsewhere."""

    call_id: str
    name: str
    outcome: Outcome
    text: str
    sources: tuple[Mapping[str, Any], ...] = ()
    whole: bool = False


@dataclass(frozen=True)
class Piece:
    """A `text` entry that a step covers: its number, and its length in characters."""

    number: int
    length: int


@dataclass(frozen=True)
class TurnUsage:
    """Tokens of a turn, all its model calls together; None is unknown, which is not zero."""

    model: str
    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True)
class Failure:
    """Why a turn failed, for the client; `code` is one of the contract's."""

    code: str
    message: str
    retryable: bool


@dataclass(frozen=True)
class User:
    """A message. With `runner` it takes its turn at once, which is possible only if nothing runs or waits.

    `streamed`: a stream waits for the answer, so its function takes the turn when it is free.
    """

    message: str
    runner: str | None = None
    streamed: bool = False
    key: str | None = None
    client_id: str | None = None
    public_key: str | None = None


@dataclass(frozen=True)
class Turn:
    """`runner` takes the turn of entry `of`, from whoever had it before."""

    of: int
    runner: str
    why: Literal["waiting", "takeover", "outcome", "hand-over"]

    def begins(self, turn: int) -> bool:
        """Whether the turn of entry `turn`, which had to wait, begins here."""
        return self.of == turn and self.why in ("waiting", "outcome")


@dataclass(frozen=True)
class Text:
    """A piece of the running answer; `first` is the number of the answer's first piece, None if this is it."""

    text: str
    first: int | None = None


@dataclass(frozen=True)
class Agent:
    """A step: its whole text, its calls, what the provider wants back, the pieces it covers. `cut`: it broke off.

    `usage`: the tokens that its runner has used in this turn so far.
    """

    text: str
    calls: tuple[CallAsked, ...] = ()
    pieces: tuple[Piece, ...] = ()
    opaque: Mapping[str, Any] | None = None
    cut: bool = False
    usage: TurnUsage | None = None


@dataclass(frozen=True)
class Call:
    """A call that may change something is about to be sent."""

    call_id: str


@dataclass(frozen=True)
class Pending:
    """What a call waits for. `id` is what its outcome names it by: a number of the wallet's, or the call's own id.

    `asks` is what the client is asked, as the `InlineCall` of a system event: {type, payload}. `key` and `client_id`
    are those of the turn that made the call: what the outcome leads to is done for them.
    """

    kind: PendingKind
    asked: CallAsked
    id: str
    asks: Mapping[str, Any] | None = None
    key: str | None = None
    client_id: str | None = None


@dataclass(frozen=True)
class Result:
    """The result of a call, which may be that it is pending."""

    result: CallResult
    pending: Pending | None = None


@dataclass(frozen=True)
class OutcomeOf:
    """The outcome of what was pending since entries `of`; it starts a turn of its own.

    `approved`: a call that the user approved, maybe with a `comment`; its result belongs to that turn. `kind`: of what
    was pending; the results of `steps` are system events, too.
    """

    of: tuple[int, ...]
    results: tuple[CallResult, ...] = ()
    approved: CallAsked | None = None
    comment: str | None = None
    key: str | None = None
    client_id: str | None = None
    kind: PendingKind | None = None

    @property
    def calls_back(self) -> bool:
        """Whether the results are system events, too."""
        return self.kind == "steps"


@dataclass(frozen=True)
class Interrupt:
    """Stops the running turn, and withdraws what waits.

    `of`: results of the running turn whose calls waited for approval. `results`: the final results of those calls, and
    of approved calls whose turn had not begun.
    """

    of: tuple[int, ...] = ()
    results: tuple[CallResult, ...] = ()


@dataclass(frozen=True)
class End:
    """The end of the running turn, with its last step.

    `results` are those of calls that had none yet. `notice`: what the user is told about it. `waiting`, `undelivered`
    and `pending` are for readers that begin here: the waiting messages, the system events that no snapshot has
    delivered, and the results whose calls are pending.
    """

    status: TurnStatus
    text: str = ""
    pieces: tuple[Piece, ...] = ()
    opaque: Mapping[str, Any] | None = None
    results: tuple[CallResult, ...] = ()
    usage: TurnUsage | None = None
    failure: Failure | None = None
    notice: str | None = None
    waiting: tuple[int, ...] = ()
    undelivered: tuple[int, ...] = ()
    pending: tuple[int, ...] = ()


@dataclass(frozen=True)
class Event:
    """A change or a notice outside of turns; the keys of `data` depend on `what`.

    `created`; `title` {title, by}; `archived` {archived}; `model` {model}; `wallet` {wallet}; `app` {app}; `client`
    {client_id}; `user_state` {}; `message` {text}: a system message; `system` {event}: a system event as in the
    contract; `notice` {message}; `progress` {call_id, name, message}.
    """

    what: What
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivered:
    """System events up to this number have been in a snapshot."""

    upto: int


@dataclass(frozen=True)
class Sign:
    """A sign of life of the runner."""


@dataclass(frozen=True)
class Deleted:
    """The session is deleted; later entries belong to another one."""


Body = (
    User | Turn | Text | Agent | Call | Result | OutcomeOf | Interrupt | End | Event | Delivered | Sign | Deleted
)  # fmt: skip

KINDS: Mapping[str, type[Body]] = {
    "user": User,
    "turn": Turn,
    "text": Text,
    "agent": Agent,
    "call": Call,
    "result": Result,
    "outcome": OutcomeOf,
    "interrupt": Interrupt,
    "end": End,
    "event": Event,
    "delivered": Delivered,
    "sign": Sign,
    "deleted": Deleted,
}
_NAMES: Mapping[type[Body], str] = {body: kind for kind, body in KINDS.items()}


@dataclass(frozen=True)
class Entry:
    """A body at its place in the log; `at` is the writer's wall time in milliseconds."""

    number: int
    at: int
    nonce: str
    body: Body

    @property
    def writer(self) -> str:
        return self.nonce.partition(".")[0]

    @cached_property
    def weight(self) -> int:
        """About how many characters it takes, in the log and in a snapshot."""
        match self.body:
            case User(message):
                return 300 + len(message)
            case Text(text) | Agent(text) | End(text=text):
                return 300 + len(text)
            case Result() | OutcomeOf() | Interrupt():
                return 300 + sum(len(result.text) for result in results_of(self.body))
            case Event(what="message", data=data):
                return 300 + len(data["text"])
        return 300

    @property
    def kind(self) -> str:
        return _NAMES[type(self.body)]


def approved_by(body: Body) -> CallAsked | None:
    """The call that the user approved with this entry."""
    return body.approved if isinstance(body, OutcomeOf) else None


def results_of(body: Body) -> tuple[CallResult, ...]:
    """The results of calls that are in this entry."""
    match body:
        case Result(result):
            return (result,)
        case OutcomeOf(results=results) | Interrupt(results=results):
            return results
    return ()
