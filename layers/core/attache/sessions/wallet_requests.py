"""Requests to the user's wallet, kept in user_state until they are answered (contract, "System messages and events").

They are the server's own keys there: `pending_txs` and `pending_eip712s`, by number, and the counter `next_id` of both.
Clients do not see `pending_since`: when each was made (ms), so that it goes when the entry that asked for it expires.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from attache.errors import BadInput
from attache.sessions.user_state import check_size

WalletKind = Literal["wallet_tx", "wallet_eip712"]
_KEYS: Mapping[WalletKind, str] = {"wallet_tx": "pending_txs", "wallet_eip712": "pending_eip712s"}
_SINCE = "pending_since"


class CannotAsk(Exception):
    """The wallet cannot be asked now; the message advises the model."""


@dataclass(frozen=True)
class WalletRequest:
    """A numbered request: the user_state that holds it, and the event that asks for it."""

    number: int
    user_state: dict[str, Any]
    asks: dict[str, Any]


def ask_wallet(
    user_state: Mapping[str, Any] | None, kind: WalletKind, payload: Mapping[str, Any], now: int
) -> WalletRequest:
    """Make a request of `payload` at `now` (ms); without a `chain_id` it is for the chain that the wallet is on.

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
    since = {**state.get(_SINCE, {}), str(number): now}
    state |= {_KEYS[kind]: pending, "next_id": number + 1, _SINCE: since}
    try:
        check_size(state)
    except BadInput:
        raise CannotAsk("This is too large, or too much waits for the wallet already.") from None
    return WalletRequest(number, state, _event(kind, number, said))


def answered(user_state: Mapping[str, Any] | None, kind: WalletKind, numbers: Collection[str]) -> dict[str, Any]:
    """The state without these requests."""
    return _without(user_state or {}, (_KEYS[kind], _SINCE), numbers)


def unexpired(user_state: Mapping[str, Any] | None, oldest: int) -> dict[str, Any] | None:
    """The state without requests made before `oldest` (ms): their entries have expired, and nobody can answer them."""
    if user_state is None:
        return None
    expired = [number for number, since in user_state.get(_SINCE, {}).items() if since < oldest]
    return _without(user_state, (*_KEYS.values(), _SINCE), expired) if expired else dict(user_state)


def shown(user_state: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The state as clients and models see it."""
    return None if user_state is None else {key: kept for key, kept in user_state.items() if key != _SINCE}


def _without(state: Mapping[str, Any], keys: Collection[str], numbers: Collection[str]) -> dict[str, Any]:
    left = {
        key: {number: kept for number, kept in state[key].items() if number not in numbers}
        for key in keys
        if key in state
    }
    return {**state, **left}


def _event(kind: WalletKind, number: int, payload: Mapping[str, Any]) -> dict[str, Any]:
    if kind == "wallet_tx":
        return {"type": "wallet_tx_request", "payload": {"tx_ids": [number], **payload}}
    asked = {name: payload[name] for name in ("typed_data", "description")}
    return {"type": "wallet_eip712_request", "payload": {"pending_eip712_id": number, **asked}}
