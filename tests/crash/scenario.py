"""The turn that is crashed: two steps, a safe and an unsafe tool, text in several pieces; and what it must come to.

Model and tools are servers. The model goes on exactly where the history it is sent stops, so text that were lost or
doubled would show in the answer.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from attache.apps.app import App, ModelChoice
from attache.models.model import Message
from attache.tools.http_tool import Binding, HttpTool
from attache.turns.timings import DEFAULT, Timings
from tests.crash.telling import going_on, pieces
from tests.crash.waiting import PAY, waiting_reply, waiting_tools
from tests.servers.script import Asked, Received, Reply, text

LOOK = "I look at the price of this token first, and then I place the order. "
DONE = "The order is placed, at a price of 3521.40 dollars."
UNKNOWN = "Whether the order was placed is not known: look at your orders before you try again."
ASK = "The order may have been placed before. Shall I place it once more?"
NEXT, ANSWERED = "And what now?", "Now you wait."
INSISTENT = " If it fails, do it again."


def shorter(by: float) -> Timings:
    """The protocol's times, all in proportion; but not what a turn may take in all: the machine is no faster."""
    values = {field.name: getattr(DEFAULT, field.name) for field in fields(Timings) if field.name != "turn"}
    seconds: dict[str, Any] = {name: value / by for name, value in values.items() if isinstance(value, float)}
    return replace(DEFAULT, **seconds)


def order_message(order: str, *, insistent: bool) -> str:
    return f"Place the order {order}.{INSISTENT if insistent else ''}"


def app_with(tools: str) -> App:
    """The app, its tools at this address."""
    price = _tool(tools, "Price", "GET", "/prices/{symbol}", Binding(argument="symbol", place="path", name="symbol"))
    order = Binding(argument="order", place="body_property", name="order")
    trade = _tool(tools, "Trade", "POST", "/trades", order, body_type="application/json")
    return App(
        name="desk",
        title="Trading desk",
        version="",
        preamble="You place orders.",
        models=ModelChoice(default="gpt-4o", allowed=("gpt-4o", "claude-sonnet")),
        tools=(price, trade, *waiting_tools(tools)),
        wallet_tools=(PAY,),
    )


def _tool(server: str, name: str, method: str, path: str, binding: Binding, **more: Any) -> HttpTool:
    schema = {"type": "object", "properties": {binding.argument: {"type": "string"}}, "required": [binding.argument]}
    return HttpTool(
        name=name, description=f"{name}.", parameters=schema, method=method, server=server, path=path,
        bindings=(binding,), safe=method == "GET", **more,
    )  # fmt: skip


class Desk:
    """The tools' server. `orders` counts what arrived at the one that changes something."""

    def __init__(self) -> None:
        self.orders: Counter[str] = Counter()
        self.app = Starlette(
            routes=[
                Route("/prices/{symbol}", self._price),
                Route("/trades", self._trade, methods=["POST"]),
                Route("/trades/{order}", self._settled),
            ]
        )

    async def _price(self, request: Request) -> JSONResponse:
        return JSONResponse({"price": "3521.40"})

    async def _trade(self, request: Request) -> JSONResponse:
        order = (await request.json())["order"]
        self.orders[order] += 1
        return JSONResponse({"placed": order})

    async def _settled(self, request: Request) -> JSONResponse:
        return JSONResponse({"state": "settled", "placed": request.path_params["order"]})


def openai_reply(request: Received) -> Reply:
    """What the model says next, from the history that it is sent."""
    messages = request.body["messages"]
    asked = [at for at, message in enumerate(messages) if str(message.get("content")).startswith("Place the order ")]
    if not asked:
        return waiting_reply(messages) or text(ANSWERED)
    return _next(messages[asked[-1]]["content"], messages[asked[-1] + 1 :])


def anthropic_reply(request: Received) -> Reply:
    return text(*pieces(ANSWERED))


def _next(wish: str, since: Sequence[Message]) -> Reply:
    order = wish.removeprefix("Place the order ").partition(".")[0]
    said = "".join(message.get("content") or "" for message in since if message["role"] == "assistant")
    names = {call["id"]: call["function"]["name"] for message in since for call in message.get("tool_calls", ())}
    results = [message for message in since if message["role"] == "tool"]
    trades = [json.loads(m["content"]) for m in results if names[m["tool_call_id"]] == "Trade"]
    outcomes = [str(trade.get("outcome", "ok")) for trade in trades]
    if not trades:
        return going_on(LOOK, said, Asked("Price", {"symbol": "ETH"}), Asked("Trade", {"order": order}))
    if outcomes == ["outcome_unknown"] and wish.endswith(INSISTENT):
        return going_on(LOOK, said, Asked("Trade", f'{{ "order" : "{order}" }}'))
    return going_on(LOOK + ending(outcomes), said)


def ending(trades: Sequence[str]) -> str:
    """What the answer ends with, by the outcomes of the order's calls."""
    if trades == ["ok"]:
        return DONE
    return ASK if trades[-1] == "rejected" else UNKNOWN
