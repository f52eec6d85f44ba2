"""The exchange's data: prices, balances, trades. All figures are invented and held in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

PRICES = {
    "BTC": Decimal("67250.00"),
    "ETH": Decimal("3521.40"),
    "SOL": Decimal("148.75"),
    "USDC": Decimal("1.00"),
    "DOGE": Decimal("0.1312"),
}
CHANGES = {"BTC": 1.2, "ETH": -0.8, "SOL": 3.4, "USDC": 0.0, "DOGE": -2.1}
QUOTES = ("USD",)
SPREAD = Decimal("0.0005")


class Refused(Exception):
    """The exchange refuses a request; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def _first_balances() -> dict[str, dict[str, Decimal]]:
    return {
        "user123": {"BTC": Decimal("0.25"), "ETH": Decimal(4), "USDC": Decimal(1500)},
        "user456": {"SOL": Decimal(120), "DOGE": Decimal(10_000), "USDC": Decimal(250)},
    }


@dataclass
class Exchange:
    """An exchange with its users' balances; trades settle at once, in USDC."""

    balances: dict[str, dict[str, Decimal]] = field(default_factory=_first_balances)
    trades: dict[str, dict[str, Any]] = field(default_factory=dict)

    def price(self, symbol: str, currency: str) -> dict[str, Any]:
        if currency.upper() not in QUOTES:
            raise Refused(400, f"currency must be one of {', '.join(QUOTES)}")
        known = known_symbol(symbol)
        return {
            "symbol": known,
            "price": float(PRICES[known]),
            "currency": currency.upper(),
            "change24h": CHANGES[known],
        }

    def portfolio(self, user: str) -> dict[str, Any]:
        if user not in self.balances:
            raise Refused(404, f"no such user: {user}")
        held = {symbol: amount for symbol, amount in self.balances[user].items() if amount}
        total = sum((amount * PRICES[symbol] for symbol, amount in held.items()), Decimal(0))
        return {
            "userId": user,
            "currency": "USD",
            "totalValue": round(float(total), 2),
            "holdings": [
                {"symbol": symbol, "amount": float(amount), "value": round(float(amount * PRICES[symbol]), 2)}
                for symbol, amount in held.items()
            ],
        }

    def markets(self, status: str) -> dict[str, Any]:
        if status not in ("open", "closed", "all"):
            raise Refused(400, "status must be one of open, closed, all")
        pairs = [] if status == "closed" else [f"{symbol}-USD" for symbol in PRICES if symbol != "USDC"]
        return {"markets": [{"pair": pair, "status": "open", "lastPrice": float(PRICES[pair[:-4]])} for pair in pairs]}

    def order_book(self, pair: str, depth: int) -> dict[str, Any]:
        base, _, quote = pair.upper().partition("-")
        if quote not in QUOTES:
            raise Refused(404, f"no such market: {pair}; a pair looks like ETH-USD")
        price = PRICES[known_symbol(base)]
        return {
            "pair": f"{base}-{quote}",
            "bids": [_level(price * (1 - SPREAD * step), step) for step in range(1, depth + 1)],
            "asks": [_level(price * (1 + SPREAD * step), step) for step in range(1, depth + 1)],
        }

    def trade(self, order: dict[str, Any], idempotency_key: str | None) -> dict[str, Any]:
        """Execute an order; the same idempotency key returns the first trade again. Raises Refused."""
        if idempotency_key in self.trades:
            return self.trades[idempotency_key]
        done = self._execute(order)
        self.trades[idempotency_key or done["tradeId"]] = done
        return done

    def move(self, user: str, symbol: str, amount: Decimal) -> None:
        """Add an amount to a balance; a negative one is subtracted. Raises Refused."""
        held = self.balances.get(user)
        if held is None:
            raise Refused(404, f"no such user: {user}")
        if held.get(symbol, Decimal(0)) + amount < 0:
            raise Refused(409, f"not enough {symbol} for this")
        held[symbol] = held.get(symbol, Decimal(0)) + amount

    def _execute(self, order: dict[str, Any]) -> dict[str, Any]:
        user, symbol, side, amount = _order(order)
        held = self.balances.get(user)
        if held is None:
            raise Refused(404, f"no such user: {user}")
        _check_limit(order, side, PRICES[symbol])
        sign = 1 if side == "buy" else -1
        cost = amount * PRICES[symbol] * sign
        if held.get("USDC", Decimal(0)) < cost or held.get(symbol, Decimal(0)) + amount * sign < 0:
            raise Refused(409, "not enough balance for this trade")
        held["USDC"] = held.get("USDC", Decimal(0)) - cost
        held[symbol] = held.get(symbol, Decimal(0)) + amount * sign
        return {
            "tradeId": f"trade-{len(self.trades) + 1:04d}",
            "status": "filled",
            "userId": user,
            "symbol": symbol,
            "side": side,
            "amount": float(amount),
            "price": float(PRICES[symbol]),
            "total": round(abs(float(cost)), 2),
        }


def _order(order: dict[str, Any]) -> tuple[str, str, str, Decimal]:
    missing = [name for name in ("userId", "symbol", "side", "amount") if order.get(name) is None]
    if missing:
        raise Refused(400, f"missing in the body: {', '.join(missing)}")
    amount = positive(order)
    if order["side"] not in ("buy", "sell"):
        raise Refused(400, "side must be buy or sell")
    return str(order["userId"]), known_symbol(str(order["symbol"])), order["side"], amount


def positive(order: dict[str, Any]) -> Decimal:
    """An order's amount. Raises Refused."""
    amount = order.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 < amount < 1e12:
        raise Refused(400, "amount must be a positive number")
    return Decimal(str(amount))


def _check_limit(order: dict[str, Any], side: str, price: Decimal) -> None:
    if order.get("type", "market") != "limit":
        return
    limit = order.get("limitPrice")
    if isinstance(limit, bool) or not isinstance(limit, int | float):
        raise Refused(400, "a limit order needs limitPrice, a number")
    if (price > limit) if side == "buy" else (price < limit):
        raise Refused(409, f"the market is at {price}, beyond the limit")


def known_symbol(symbol: str) -> str:
    """A symbol in upper case. Raises Refused."""
    if symbol.upper() not in PRICES:
        raise Refused(404, f"no such symbol: {symbol}; known are {', '.join(PRICES)}")
    return symbol.upper()


def _level(price: Decimal, step: int) -> dict[str, float]:
    return {"price": float(round(price, 4)), "amount": round(1.5 / step, 4)}
