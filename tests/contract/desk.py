"""The app `desk`: tools that wait for the user's wallet or approval, or take a while."""

from __future__ import annotations

from attache.apps.app import App, ModelChoice
from attache.tools.http_tool import Binding, HttpTool, Steps, ToolAuth
from attache.tools.wallet_tool import WalletTool
from tests.servers.script import Asked

WALLET = (
    WalletTool(name="Pay", description="Pays from the user's wallet.", request="transaction", chain_id=137),
    WalletTool(name="Sign", description="Has the user sign.", request="eip712"),
)
TRADE = HttpTool(
    name="Trade",
    description="Trades.",
    parameters={"type": "object", "properties": {name: {} for name in ("userId", "symbol", "side", "amount")}},
    method="POST",
    server="",
    path="/trades",
    bindings=tuple(
        Binding(argument=name, place="body_property", name=name) for name in ("userId", "symbol", "side", "amount")
    ),
    body_type="application/json",
    body_required=True,
    auth=ToolAuth(place="header", name="X-Api-Key", secret="API_KEY"),
    safe=False,
    confirm=True,
)
STEPS = Steps(
    poll=HttpTool(
        name="poll",
        description="How far it is.",
        parameters={"type": "object", "properties": {"withdrawal": {}}},
        method="GET",
        server="",
        path="/withdrawals/{withdrawal}",
        bindings=(Binding(argument="withdrawal", place="path", name="withdrawal"),),
        auth=TRADE.auth,
        safe=True,
    ),
    arguments={"withdrawal": "withdrawalId"},
    field="status",
    done=("settled",),
    failed=("failed",),
    message="note",
    interval=1,
    limit=60,
)
WITHDRAW = TRADE.model_copy(
    update={
        "name": "Withdraw",
        "parameters": {
            "type": "object",
            "properties": {name: {} for name in ("userId", "symbol", "amount", "address")},
        },
        "path": "/withdrawals",
        "bindings": tuple(
            Binding(argument=name, place="body_property", name=name)
            for name in ("userId", "symbol", "amount", "address")
        ),
        "confirm": False,
        "later": True,
    }
)
NEVER = STEPS.model_copy(update={"done": ("never",), "limit": 2})  # what no answer of the exchange's ends
MUMBLED = NEVER.model_copy(update={"field": "no.such.field", "message": None})
REFUSED = NEVER.model_copy(update={"poll": STEPS.poll.model_copy(update={"path": "/nowhere/{withdrawal}"})})
NO_START = NEVER.model_copy(update={"arguments": {"withdrawal": "no.such.field"}})
ENDLESS = {"Stall": NEVER, "Mumble": MUMBLED, "Refuse": REFUSED, "Forget": NO_START}
READ_LOG = STEPS.poll.model_copy(
    update={
        "name": "ReadLog", "path": "/_log", "parameters": {"type": "object", "properties": {}}, "bindings": (),
        "later": True,
    }
)  # fmt: skip
WITHDRAWAL = {"userId": "user123", "symbol": "BTC", "amount": 0.01, "address": "0xab"}
ORDER = {"userId": "user123", "symbol": "ETH", "side": "sell", "amount": 0.01}  # of a few that the user has
PAYMENT = {"to": "0x" + "1" * 40, "value": "5", "description": "Pay the shop"}
TYPED_DATA = {
    "types": {"Order": [{"name": "id", "type": "uint256"}]},
    "primaryType": "Order",
    "domain": {"name": "Shop", "chainId": 1},
    "message": {"id": 7},
}
PENDING = {
    "pay": [Asked("Pay", PAYMENT)],
    "sign": [Asked("Sign", {"typed_data": TYPED_DATA, "description": "Sign the order"})],
    "trade": [Asked("Trade", ORDER)],
    "dither": [Asked("Trade", ORDER)],  # and then speaks slowly
    "withdraw": [Asked("Withdraw", WITHDRAWAL)],
    "lose": [Asked("Withdraw", {**WITHDRAWAL, "address": "0xdead"})],
    "log": [Asked("ReadLog")],
    "endless": [Asked(name, WITHDRAWAL) for name in ENDLESS],
}


def desk_app(server: str) -> App:
    """The app, trading at the exchange at `server`."""
    stepped = [_stepped(name, steps, server) for name, steps in {"Withdraw": STEPS, **ENDLESS}.items()]
    return App(
        name="desk",
        title="The desk",
        version="",
        models=ModelChoice(default="gpt-4o"),
        tools=(*(tool.model_copy(update={"server": server}) for tool in (TRADE, READ_LOG)), *stepped),
        wallet_tools=WALLET,
    )


def _stepped(name: str, steps: Steps, server: str) -> HttpTool:
    poll = steps.poll.model_copy(update={"server": server})
    return WITHDRAW.model_copy(
        update={"name": name, "server": server, "steps": steps.model_copy(update={"poll": poll})}
    )
