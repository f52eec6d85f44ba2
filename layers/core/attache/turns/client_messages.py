"""What a client says through `POST /api/system`: words, its user's state, or the answer to something that is pending."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attache.errors import BadInput
from attache.wire.json_text import parse_json


@dataclass(frozen=True)
class Said:
    """Plain text, or JSON of a type that is not known here: kept as it came."""

    text: str


@dataclass(frozen=True)
class StateChanged:
    """What is new about the user."""

    user_state: Mapping[str, Any]


ClientMessage = Said | StateChanged


def read_message(text: str) -> ClientMessage:
    """What a message is (contract, "System messages and events"). Raises BadInput for a known type said wrongly."""
    kind, payload = _typed(text)
    match kind:
        case "wallet:state_changed" | "user_state_response":
            return StateChanged(_object(kind, payload))
    return Said(text)


def _typed(text: str) -> tuple[str | None, Any]:
    """`type` and `payload` of a JSON message; anything else has none."""
    try:
        kind = json.loads(text).get("type")
    except (ValueError, AttributeError, RecursionError):
        return None, None
    if not isinstance(kind, str):
        return None, None
    return kind, parse_json(text, "The message").get("payload")


def _object(kind: str, payload: Any) -> Mapping[str, Any]:
    if not isinstance(payload, dict):
        raise BadInput(f"The payload of {kind} must be a JSON object.")
    return payload
