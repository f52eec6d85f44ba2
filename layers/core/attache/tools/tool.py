"""What a tool is to a turn: a name and a schema for the model, and something that runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Outcome = Literal[
    "ok",  # it ran and answered
    "error",  # it ran or was refused, and the model can act on the text
    "pending",  # the answer comes later, as an entry of its own
    "not_started",
    "outcome_unknown",
    "interrupted",
    "timed_out",
    "rejected",
]


PendingKind = Literal["wallet_tx", "wallet_eip712", "approval", "steps"]


@dataclass(frozen=True)
class ToolSpec:
    """A tool as the model sees it.

    `name` is at most 64 of [a-zA-Z0-9_-]; `parameters` is a JSON schema of type object. `safe`: repeating it changes
    nothing (GET, HEAD, or declared idempotent), so a resumed turn may. `confirm`: without approval a call only asks for
    it, which changes nothing either.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    safe: bool
    confirm: bool = False


@dataclass(frozen=True)
class ToolCall:
    """A call the model asked for. `arguments` is JSON text as the model wrote it, possibly malformed."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class CallContext:
    """For whom a tool runs, which decides where its secrets are looked up.

    `key` is the app key's id. `approved`: the user approved this call.
    """

    app: str
    session_id: str
    client_id: str | None = None
    key: str | None = None
    approved: bool = False


@dataclass(frozen=True)
class Request:
    """What a pending call waits for; `payload` is the request to the user's wallet, empty for the other kinds."""

    kind: PendingKind
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ToolResult:
    """The result of a tool call. `text` is what the model reads: JSON if the tool returns data.

    `whole`: the complete result for the client, if `text` is only a part. `request`: the call is `pending` on this.
    """

    outcome: Outcome
    text: str
    sources: tuple[Mapping[str, Any], ...] = field(default=())
    whole: str | None = None
    request: Request | None = None


class Toolset(Protocol):
    """The tools of one app."""

    @property
    def specs(self) -> Sequence[ToolSpec]:
        """What the model is shown, in a fixed order."""
        ...

    def check(self, call: ToolCall) -> ToolResult | None:
        """None if the call may run; else an `error` result that tells the model what to change.

        Unknown names, malformed JSON and schema violations end here: nothing is recorded or sent for them.
        """
        ...

    async def run(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Run a checked call. Failures are results (`error`, `timed_out`), never exceptions; cancelling stops it."""
        ...
