"""The entries of a session's log: what may happen to a session, and nothing else may.

Every kind is a frozen dataclass; `KINDS` names them as they are stored. An entry's place is its number, dense from the
session's first one; its `nonce` begins with the writer's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Literal

from pydantic import TypeAdapter

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
    """What a call came to; `text` is the part that the prompt uses. `whole`: all of it is kept beside the log."""

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
    """Tokens of a whole turn, all its model calls together; None is unknown, which is not zero."""

    model: str
    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True)
class Failure:
    """Why a turn failed, for the client: `code` is one of the contract's."""

    code: str
    message: str
    retryable: bool


@dataclass(frozen=True)
class User:
    """A message. With `runner` it takes its turn at once, which only happens when nothing runs or waits.

    `streamed`: a stream waits for its answer, so the function behind that stream takes the turn when it is free.
    """

    message: str
    runner: str | None = None
    streamed: bool = False
    key: str | None = None
    client_id: str | None = None
    public_key: str | None = None


@dataclass(frozen=True)
class Turn:
    """`runner` takes the turn of entry `of`, whoever had it before."""

    of: int
    runner: str
    why: Literal["waiting", "takeover", "outcome", "hand-over"]

    def begins(self, turn: int) -> bool:
        """Whether this is where the turn of entry `turn`, which had to wait, begins."""
        return self.of == turn and self.why in ("waiting", "outcome")


@dataclass(frozen=True)
class Text:
    """A piece of the running answer; `first` is the number of the answer's first piece, None where this is it."""

    text: str
    first: int | None = None


@dataclass(frozen=True)
class Agent:
    """A step: all its text, its calls, what the provider wants back, the pieces it covers. `cut`: it broke off.

    `usage`: what its runner has taken of this turn's models so far.
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
    """A call has come to something, if only to waiting for something else."""

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

    `results` are those of calls that had none yet. `waiting`, `undelivered` and `pending` ground a reader that begins
    here: the messages that wait at this place of the log, the system events that no snapshot has delivered, and the
    results whose calls are pending.
    """

    status: TurnStatus
    text: str = ""
    pieces: tuple[Piece, ...] = ()
    opaque: Mapping[str, Any] | None = None
    results: tuple[CallResult, ...] = ()
    usage: TurnUsage | None = None
    failure: Failure | None = None
    waiting: tuple[int, ...] = ()
    undelivered: tuple[int, ...] = ()
    pending: tuple[int, ...] = ()


@dataclass(frozen=True)
class Event:
    """A change or a notice that is not part of a turn; `data` is as `what` needs it.

    `created`; `title` {title, by}; `archived` {archived}; `model` {model}; `wallet` {wallet}; `app` {app};
    `client` {client_id}; `user_state` {}; `message` {text}: a system message; `system` {event}: a system event as the
    contract shows it; `notice` {message}; `progress` {call_id, name, message}.
    """

    what: What
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivered:
    """System events up to this number have been in a snapshot."""

    upto: int


@dataclass(frozen=True)
class Sign:
    """The runner is alive."""


@dataclass(frozen=True)
class Deleted:
    """The session is gone; what comes behind is another one."""


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


def results_of(body: Body) -> tuple[CallResult, ...]:
    """The results of calls that an entry brings by itself."""
    match body:
        case Result(result):
            return (result,)
        case OutcomeOf(results=results) | Interrupt(results=results):
            return results
    return ()


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(KINDS[kind])


def encode(entry: Entry) -> str:
    """The body as JSON, without what is at its default."""
    return _adapter(entry.kind).dump_json(entry.body, exclude_defaults=True).decode()


def decode(kind: str, data: str) -> Body:
    """The body that `encode` wrote. Raises pydantic's ValidationError on anything else."""
    body: Body = _adapter(kind).validate_json(data)
    return body
