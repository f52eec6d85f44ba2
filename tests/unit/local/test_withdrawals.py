from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from example_api.market import Exchange, Refused
from example_api.withdrawals import Withdrawals

ORDER = {"userId": "user123", "symbol": "eth", "amount": 1, "address": "0xab"}


class Watch:
    time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.mark.parametrize(("address", "end", "left"), [("0xab", "settled", 3), ("0xDEAD01", "failed", 4)])
def test_a_withdrawal_takes_a_while_and_may_fail(address: str, end: str, left: int) -> None:
    watch, exchange = Watch(), Exchange()
    withdrawals = Withdrawals(exchange, 20, watch)
    begun = withdrawals.begin({**ORDER, "address": address}, "key")
    assert withdrawals.begin(ORDER, "key") == begun
    seen = []
    for watch.time in (0, 10, 19.9, 20, 30):
        seen.append(withdrawals.status(begun["withdrawalId"])["status"])
    assert seen == ["checking", "sending", "sending", end, end]
    assert exchange.balances["user123"]["ETH"] == Decimal(left)


@pytest.mark.parametrize(
    "wrong", [{"amount": 100}, {"amount": -1}, {"symbol": "NONE"}, {"userId": "nobody"}, {"address": ""}]
)
def test_what_cannot_be_withdrawn_is_refused(wrong: dict[str, Any]) -> None:
    exchange = Exchange()
    with pytest.raises(Refused):
        Withdrawals(exchange).begin({**ORDER, **wrong}, None)
    assert exchange.balances == Exchange().balances


def test_an_unknown_withdrawal_is_none() -> None:
    with pytest.raises(Refused):
        Withdrawals(Exchange()).status("withdrawal-0001")
