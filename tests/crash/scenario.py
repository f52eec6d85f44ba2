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
from tests.servers.script import Answer, Asked, Received, Refusal, Reply, text

LOOK = "I look at the price of this token first, and then I place the order. "
DONE = "The order is placed, at a price of 3521.40 dollars."
UNKNOWN = "Whether the order was placed is not known: look at your orders before you try again."
ASK = "The order may have been placed before. Shall I place it once more?"
NEXT, ANSWERED = "And what now?", "Now you wait."
PIECE, PAUSE = 18, 0.03  # characters of one piece of the answer; seconds between two, a little more than a flush
INSISTENT = " If it fails, do it again."


def shorter(by: float) -> Timings:
    """The protocol's times, all in proportion; but not what a turn may take in all: the machine is no faster."""
    seconds = [field.name for field in fields(Timings) if field.name not in ("takeovers", "waiting", "turn")]
    return replace(DEFAULT, **{name: getattr(DEFAULT, name) / by for name in seconds})


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
        tools=(price, trade),
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
            routes=[Route("/prices/{symbol}", self._price), Route("/trades", self._trade, methods=["POST"])]
        )

    async def _price(self, request: Request) -> JSONResponse:
        return JSONResponse({"price": "3521.40"})

    async def _trade(self, request: Request) -> JSONResponse:
        order = (await request.json())["order"]
        self.orders[order] += 1
        return JSONResponse({"placed": order})


def openai_reply(request: Received) -> Reply:
    """What the model says next, from the history that it is sent."""
    messages = request.body["messages"]
    asked = [at for at, message in enumerate(messages) if str(message.get("content")).startswith("Place the order ")]
    if not asked:
        return text(ANSWERED)
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
        return _going_on(LOOK, said, Asked("Price", {"symbol": "ETH"}), Asked("Trade", {"order": order}))
    if outcomes == ["outcome_unknown"] and wish.endswith(INSISTENT):
        return _going_on(LOOK, said, Asked("Trade", f'{{ "order" : "{order}" }}'))
    return _going_on(LOOK + ending(outcomes), said)


def ending(trades: Sequence[str]) -> str:
    """What the answer ends with, by the outcomes of the order's calls."""
    if trades == ["ok"]:
        return DONE
    return ASK if trades[-1] == "rejected" else UNKNOWN


def _going_on(whole: str, said: str, *calls: Asked) -> Reply:
    if not whole.startswith(said):
        return Refusal(400, f"this history is not mine: {said!r}")
    return Answer(pieces=pieces(whole.removeprefix(said)), calls=calls)


def pieces(whole: str) -> list[str | float]:
    """A text in pieces, with a pause after each."""
    cut = (whole[at : at + PIECE] for at in range(0, len(whole), PIECE))
    return [step for piece in cut for step in (piece, PAUSE)]
