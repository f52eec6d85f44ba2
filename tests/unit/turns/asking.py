"""Turns that ask the wallet or the user for something, for tests."""

from __future__ import annotations

import json
from typing import Any

from attache.sessions.entries import results_of
from attache.tools.toolsets import CombinedToolset, ConfirmedToolset
from attache.tools.wallet_tool import WalletTool
from attache.tools.wallet_tools import WalletToolset
from tests.fakes.models import FakeModels, Says, asks, says
from tests.fakes.toolset import FakeToolset, answers
from tests.unit.turns.harness import House

TO, ME = "0x" + "1" * 40, "0x" + "a" * 40


PAY = ("Pay", json.dumps({"to": TO, "value": "5", "description": "Pay the shop"}))


DATA = {
    "types": {"Order": [{"name": "id", "type": "uint256"}]},
    "primaryType": "Order",
    "domain": {"name": "Shop", "chainId": 137},
    "message": {"id": 7},
}


SIGN = ("Sign", json.dumps({"typed_data": DATA, "description": "Sign the order"}))


TRADE = ("Trade", '{"symbol": "ETH"}')


WALLET = WalletToolset(
    [
        WalletTool(name="Pay", description="Pays.", request="transaction"),
        WalletTool(name="Sign", description="Signs.", request="eip712"),
    ]
)


def house(*script: Says, trade: FakeToolset | None = None, **more: Any) -> House:
    trade = trade or FakeToolset({"Trade": answers('{"trade": 1}')}, unsafe=["Trade"])
    return House(FakeModels([*script]), CombinedToolset(ConfirmedToolset(trade, ["Trade"]), WALLET), **more)


async def asked(*calls: tuple[str, str], after: tuple[Says, ...] = (), **more: Any) -> House:
    """A house where a turn has asked for these, whose models then say what comes `after`."""
    made = house(asks(*calls), says("Look at it."), *after, **more)
    await made.stream(
        "Do it", user_state={"address": ME, "chain_id": 1, "is_connected": True}, client_id="c", key_id="k"
    )
    return made


async def state_of(house: House) -> dict[str, Any]:
    return dict((await house.snapshot())["user_state"])


async def outcomes_of(house: House, kind: str) -> list[str]:
    entries = (await house.log()).entries
    return [result.outcome for entry in entries if entry.kind == kind for result in results_of(entry.body)]
