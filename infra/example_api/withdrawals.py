"""Withdrawals: they take time, and may fail after they have begun."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from example_api.market import Exchange, Refused, known_symbol, positive

SETTLES_AFTER = 20.0  # seconds
UNREACHABLE = "0xdead"  # an address that begins so is one that nothing arrives at


@dataclass
class Withdrawals:
    """Takes the amount from the balance at once, and returns it if the withdrawal fails."""

    exchange: Exchange
    settles_after: float = SETTLES_AFTER
    now: Callable[[], float] = time.monotonic
    _begun: dict[str, dict[str, Any]] = field(default_factory=dict)
    _by_key: dict[str, str] = field(default_factory=dict)

    def begin(self, order: dict[str, Any], idempotency_key: str | None) -> dict[str, Any]:
        """Begin a withdrawal; the same idempotency key returns the first one again."""
        if idempotency_key in self._by_key:
            return self.status(self._by_key[idempotency_key])
        user, symbol, amount = str(order.get("userId")), known_symbol(str(order.get("symbol"))), positive(order)
        address = order.get("address")
        if not isinstance(address, str) or not address:
            raise Refused(400, "missing in the body: address")
        self.exchange.move(user, symbol, -amount)
        name = f"withdrawal-{len(self._begun) + 1:04d}"
        self._begun[name] = {"user": user, "symbol": symbol, "amount": amount, "address": address, "at": self.now()}
        if idempotency_key:
            self._by_key[idempotency_key] = name
        return self.status(name)

    def status(self, name: str) -> dict[str, Any]:
        begun = self._begun.get(name)
        if begun is None:
            raise Refused(404, f"no such withdrawal: {name}")
        status, note = self._progress(begun)
        if status == "failed" and not begun.get("returned"):
            begun["returned"] = True
            self.exchange.move(begun["user"], begun["symbol"], begun["amount"])
        said = {"withdrawalId": name, "status": status, "note": note, "userId": begun["user"]}
        return said | {"symbol": begun["symbol"], "amount": float(begun["amount"]), "address": begun["address"]}

    def _progress(self, begun: dict[str, Any]) -> tuple[str, str]:
        share = (self.now() - begun["at"]) / self.settles_after
        if share < 0.3:
            return "checking", "The withdrawal is being checked."
        if share < 1:
            return "sending", "The withdrawal was sent to the chain."
        if str(begun["address"]).lower().startswith(UNREACHABLE):
            return "failed", "The chain refused the address; the amount is back in the balance."
        return "settled", "The withdrawal has arrived."
