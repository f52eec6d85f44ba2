"""What clients send to `POST /api/system`: text, their user's state, or the outcome of something pending."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attache.errors import BadInput
from attache.tools.results import compact, fitted
from attache.tools.tool import Outcome
from attache.turns.answering import Answer, rejection
from attache.wire.json_text import parse_json

_OUTCOMES: Mapping[str, Outcome] = {"success": "ok", "failed": "error"}
_NUMBER = re.compile(r"[0-9]{1,15}")
MAX_COMMENT = 2_000


@dataclass(frozen=True)
class Said:
    """Plain text, or JSON of an unknown type: stored unchanged."""

    text: str


@dataclass(frozen=True)
class StateChanged:
    """New facts about the user."""

    user_state: Mapping[str, Any]


ClientMessage = Said | StateChanged | Answer


def read_message(text: str) -> ClientMessage:
    """Parse a message (contract, "System messages and events"). Raises BadInput if a known type is malformed."""
    kind, payload = _typed(text)
    match kind:
        case "wallet:state_changed" | "user_state_response":
            return StateChanged(_object(kind, payload))
        case "wallet:tx_complete":
            return _transactions(kind, _object(kind, payload))
        case "wallet_eip712_response":
            return _signature(kind, _object(kind, payload))
        case "tool_approval_response":
            return _approval(kind, _object(kind, payload))
    return Said(text)


def _typed(text: str) -> tuple[str | None, Any]:
    """`type` and `payload` of a JSON message; None for anything else."""
    try:
        kind = json.loads(text).get("type")
    except (ValueError, AttributeError, RecursionError):
        return None, None
    if not isinstance(kind, str):
        return None, None
    return kind, parse_json(text, "The message").get("payload")


def _transactions(kind: str, payload: Mapping[str, Any]) -> Answer:
    sent = payload.get("pending_tx_ids")
    if sent is not None and not isinstance(sent, list):
        raise BadInput(f"pending_tx_ids of {kind} must be an array of numbers.")
    ids = tuple(_number("pending_tx_ids", each) for each in sent or ())
    return Answer("wallet_tx", ids, _outcome(kind, payload), *_told(payload))


def _signature(kind: str, payload: Mapping[str, Any]) -> Answer:
    sent = payload.get("pending_eip712_id")
    ids = () if sent is None else (_number("pending_eip712_id", sent),)
    return Answer("wallet_eip712", ids, _outcome(kind, payload), *_told(payload))


def _approval(kind: str, payload: Mapping[str, Any]) -> Answer:
    request, approved, comment = (payload.get(name) for name in ("request_id", "approved", "comment"))
    if not isinstance(approved, bool):
        raise BadInput(f"approved of {kind} must be true or false.")
    if not isinstance(request, str | None) or not isinstance(comment, str | None):
        raise BadInput(f"request_id and comment of {kind} must be strings.")
    ids, comment = (request,) if request else (), comment[:MAX_COMMENT] if comment else None
    return Answer(
        "approval", ids, "ok" if approved else "rejected", rejection(comment), approved=approved, comment=comment
    )


def _told(payload: Mapping[str, Any]) -> tuple[str, str | None]:
    """The payload as the model reads it, and the complete text if that is only a part."""
    whole = compact(payload)
    text = fitted(payload)
    return text, whole if text != whole else None


def _outcome(kind: str, payload: Mapping[str, Any]) -> Outcome:
    status = payload.get("status")
    if not isinstance(status, str) or status not in _OUTCOMES:
        raise BadInput(f"status of {kind} must be one of {', '.join(_OUTCOMES)}.")
    return _OUTCOMES[status]


def _number(name: str, value: Any) -> str:
    """A request's number as a string: clients send numbers, and also strings of digits."""
    if isinstance(value, bool) or not isinstance(value, int | str) or not _NUMBER.fullmatch(str(value)):
        raise BadInput(f"{name} must be a number that a request had.")
    return str(int(value))


def _object(kind: str, payload: Any) -> Mapping[str, Any]:
    if not isinstance(payload, dict):
        raise BadInput(f"The payload of {kind} must be a JSON object.")
    return payload
