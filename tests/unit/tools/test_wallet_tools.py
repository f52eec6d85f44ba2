from __future__ import annotations

import json
from typing import Any

import pytest

from attache.tools.tool import CallContext, Request, ToolCall, ToolResult
from attache.tools.wallet_tool import WalletTool
from attache.tools.wallet_tools import WalletToolset

CONTEXT = CallContext(app="shop", session_id="s")
TO = "0x" + "1" * 40
DATA: dict[str, Any] = {"types": {"Order": []}, "primaryType": "Order", "domain": {}, "message": {}}


async def asked(tool: WalletTool, **arguments: Any) -> ToolResult:
    toolset, call = WalletToolset([tool]), ToolCall("c", tool.name, json.dumps({"description": "d", **arguments}))
    ran = await toolset.run(call, CONTEXT)
    assert toolset.check(call) == (None if ran.outcome == "pending" else ran)
    return ran


def pays(**more: Any) -> WalletTool:
    return WalletTool(name="Pay", description="Pays.", request="transaction", **more)


def signs(**more: Any) -> WalletTool:
    return WalletTool(name="Sign", description="Signs.", request="eip712", **more)


async def test_a_transaction_is_a_request() -> None:
    ran = await asked(pays(), to=TO, data="0xa9059cbb")
    assert ran.request == Request("wallet_tx", {"to": TO, "value": "0", "data": "0xa9059cbb", "description": "d"})


async def test_what_the_operator_fixed_the_model_cannot_say() -> None:
    fixed = pays(to=TO, chain_id=137)
    assert set(fixed.spec.parameters["properties"]) == {"value", "data", "description"}
    ran = await asked(fixed, value="5")
    assert ran.request is not None
    assert ran.request.payload == {"to": TO, "value": "5", "chain_id": 137, "description": "d"}
    for name, other in (("to", "0x" + "2" * 40), ("chain_id", 1)):
        assert (await asked(fixed, **{name: other})).outcome == "error"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"to": "shop.eth"},
        {"to": TO, "value": 5},
        {"to": TO, "value": "0.1"},
        {"to": TO, "value": "-1"},
        {"to": TO, "data": "0x1"},
        {"to": TO, "data": "transfer"},
        {"to": TO, "chain_id": 0},
        {"to": TO, "description": ""},
        {"to": TO, "from": TO},
    ],
)
async def test_what_is_no_transaction_is_refused_with_advice(arguments: dict[str, Any]) -> None:
    ran = await asked(pays(), **arguments)
    assert (ran.outcome, ran.request) == ("error", None)
    assert ran.text


@pytest.mark.parametrize(("said", "chain"), [(None, None), (1, 1), ("137", 137), ("0x89", 137)])
async def test_a_signature_is_for_the_chain_of_its_data(said: Any, chain: int | None) -> None:
    data = {**DATA, "domain": {"chainId": said} if said else {}}
    ran = await asked(signs(), typed_data=data)
    assert ran.request is not None
    assert ran.request.payload.get("chain_id") == chain
    assert ran.request.payload["typed_data"] == data


@pytest.mark.parametrize(
    "data",
    [
        {**DATA, "primaryType": "Bill"},
        {**DATA, "domain": {"chainId": 1}},
        {**DATA, "domain": {"chainId": "mainnet"}},
        {**DATA, "domain": {"chainId": True}},
        {**DATA, "types": {"Order": [{"name": "id"}]}},
        {"types": {}, "primaryType": "Order"},
        json.dumps(DATA),
    ],
)
async def test_what_cannot_be_signed_is_refused_with_advice(data: Any) -> None:
    ran = await asked(signs(chain_id=137), typed_data=data)
    assert (ran.outcome, ran.request) == ("error", None)


async def test_an_unknown_tool_is_none() -> None:
    refused = WalletToolset([pays()]).check(ToolCall("c", "Send", "{}"))
    assert refused is not None
    assert "Pay" in refused.text
