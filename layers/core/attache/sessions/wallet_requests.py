"""Requests to the user's wallet, kept in user_state until they are answered (contract, "System messages and events").

They are the server's own keys there: `pending_txs` and `pending_eip712s`, by number, and the counter `next_id` of both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from attache.errors import BadInput
from attache.sessions.user_state import check_size

WalletKind = Literal["wallet_tx", "wallet_eip712"]
_KEYS: Mapping[WalletKind, str] = {"wallet_tx": "pending_txs", "wallet_eip712": "pending_eip712s"}


class CannotAsk(Exception):
    """The wallet cannot be asked now; the message advises the model."""


@dataclass(frozen=True)
class WalletRequest:
    """A numbered request: the user_state that holds it, and the event that asks for it."""

    number: int
    user_state: dict[str, Any]
    asks: dict[str, Any]


def ask_wallet(user_state: Mapping[str, Any] | None, kind: WalletKind, payload: Mapping[str, Any]) -> WalletRequest:
    """Make a request of `payload`; without a `chain_id` it is for the chain that the wallet is on.

    Raises CannotAsk if no wallet is connected, its chain is unknown, or too much is pending already.
    """
    state = dict(user_state or {})
    address, chain_id = state.get("address"), payload.get("chain_id") or state.get("chain_id")
    if not address:
        raise CannotAsk("No wallet is connected. Ask the user to connect one.")
    if chain_id is None:
        raise CannotAsk("The wallet's chain is not known. Say which chain_id this is for.")
    number = int(state.get("next_id", 1))
    said = {**payload, "chain_id": chain_id}
    kept = {**said, "from": address, "label": payload["description"]} if kind == "wallet_tx" else said
    pending = {**state.get(_KEYS[kind], {}), str(number): kept}
    state |= {_KEYS[kind]: pending, "next_id": number + 1}
    try:
        check_size(state)
    except BadInput:
        raise CannotAsk("This is too large, or too much waits for the wallet already.") from None
    return WalletRequest(number, state, _event(kind, number, said))


def answered(user_state: Mapping[str, Any] | None, kind: WalletKind, numbers: Collection[str]) -> dict[str, Any]:
    """The state without these requests."""
    state = dict(user_state or {})
    left = {number: kept for number, kept in state.get(_KEYS[kind], {}).items() if number not in numbers}
    return {**state, _KEYS[kind]: left}


def _event(kind: WalletKind, number: int, payload: Mapping[str, Any]) -> dict[str, Any]:
    if kind == "wallet_tx":
        return {"type": "wallet_tx_request", "payload": {"tx_ids": [number], **payload}}
    asked = {name: payload[name] for name in ("typed_data", "description")}
    return {"type": "wallet_eip712_request", "payload": {"pending_eip712_id": number, **asked}}
