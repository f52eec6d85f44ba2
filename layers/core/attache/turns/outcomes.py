"""What the model is told about tool calls without an ordinary answer (design, invariants 4 and 10)."""

from __future__ import annotations

import json
from collections.abc import Collection

from attache.sessions.entries import CallAsked, CallResult, approved_by
from attache.sessions.log import SessionLog
from attache.sessions.view import OpenCall, Running
from attache.tools.tool import Outcome, ToolResult

_WORDS: dict[Outcome, str] = {
    "not_started": "The turn ended before this call had an answer; it changed nothing.",
    "interrupted": "The user stopped the turn while this call ran; its answer was not waited for.",
    "outcome_unknown": (
        "This call may or may not have taken effect: the connection to it was lost. Do not call it again. "
        "Tell the user that its outcome is unknown, and how to check it."
    ),
}


def result_of(asked: CallAsked, result: ToolResult, *, whole: bool = False) -> CallResult:
    """`whole`: the complete result is stored beside the log."""
    return CallResult(asked.call_id, asked.name, result.outcome, result.text, result.sources, whole)


def without_answer(asked: CallAsked, outcome: Outcome) -> CallResult:
    """The result of a call that has no answer of its own."""
    text = json.dumps({"outcome": outcome, "message": _WORDS[outcome]})
    return CallResult(asked.call_id, asked.name, outcome, text)


def left_open(log: SessionLog, running: Running, sent: Collection[str] = ()) -> tuple[CallResult, ...]:
    """The results of calls that are open when the running turn ends. `sent`: ids of calls known to have been sent.

    An approved call is open before it is a step, too.
    """
    cause = log.entry(running.turn)
    approved = approved_by(cause.body) if cause and not running.steps else None
    if approved is not None:
        return (without_answer(approved, "not_started"),)
    return tuple(_left_open(call, sent) for call in running.open_calls)


def _left_open(call: OpenCall, sent: Collection[str]) -> CallResult:
    """A call that was not recorded has changed nothing: it was not sent, or it is safe."""
    if call.recorded:
        return without_answer(call.asked, "outcome_unknown")
    return without_answer(call.asked, "interrupted" if call.asked.call_id in sent else "not_started")


def ask_first(asked: CallAsked) -> ToolResult:
    """The result of a repeated call whose first outcome is unknown (design, invariant 4)."""
    message = (
        f"Not sent: {asked.name} was called with the same arguments before in this turn, and whether that took effect "
        "is unknown. Ask the user whether to do it again; they can check first."
    )
    return ToolResult("rejected", json.dumps({"outcome": "rejected", "message": message}))
