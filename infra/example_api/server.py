"""MyCoinDex over HTTP: with an API key, a realistic latency, and a log of its requests."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from example_api.market import Exchange, Refused
from example_api.withdrawals import SETTLES_AFTER, Withdrawals

LATENCY_SECONDS = 0.15
KEPT_ENTRIES = 10_000
Handler = Callable[[Request], Awaitable[Response]]


def example_api(
    api_key: str, log: Path, latency: float = LATENCY_SECONDS, settles_after: float = SETTLES_AFTER
) -> Starlette:
    """The API as an ASGI application; `log` gets one JSON line per request, which `GET /_log` returns too."""
    requests = RequestLog(log)
    api = Api(Exchange(), api_key, latency, settles_after)

    async def entries(_: Request) -> Response:
        return JSONResponse(list(requests.entries))

    return Starlette(
        routes=[
            Route("/_log", entries),
            Route("/prices/{symbol}", api.keyed(api.price)),
            Route("/portfolio/{user}", api.keyed(api.portfolio)),
            Route("/markets", api.keyed(api.markets)),
            Route("/orderbook/{pair}", api.keyed(api.order_book)),
            Route("/trades", api.keyed(api.trade), methods=["POST"]),
            Route("/withdrawals", api.keyed(api.withdraw), methods=["POST"]),
            Route("/withdrawals/{withdrawal}", api.keyed(api.withdrawal)),
        ],
        middleware=[Middleware(LoggedRequests, log=requests)],
        exception_handlers={Refused: _refused},
    )


class Api:
    """The handlers: from the request's parameters to the exchange, and back to a response."""

    def __init__(self, exchange: Exchange, api_key: str, latency: float, settles_after: float) -> None:
        self._exchange = exchange
        self._withdrawals = Withdrawals(exchange, settles_after)
        self._api_key = api_key
        self._latency = latency

    def keyed(self, handler: Handler) -> Handler:
        async def checked(request: Request) -> Response:
            await asyncio.sleep(self._latency)
            if not secrets.compare_digest(request.headers.get("x-api-key", "").encode(), self._api_key.encode()):
                raise Refused(401, "send a valid key in X-Api-Key")
            return await handler(request)

        return checked

    async def price(self, request: Request) -> Response:
        currency = request.query_params.get("currency", "USD")
        return JSONResponse(self._exchange.price(request.path_params["symbol"], currency))

    async def portfolio(self, request: Request) -> Response:
        return JSONResponse(self._exchange.portfolio(request.path_params["user"]))

    async def markets(self, request: Request) -> Response:
        return JSONResponse(self._exchange.markets(request.query_params.get("status", "open")))

    async def order_book(self, request: Request) -> Response:
        depth = request.query_params.get("depth", "5")
        if not depth.isdecimal() or not 1 <= int(depth) <= 50:
            raise Refused(400, "depth must be a whole number from 1 to 50")
        return JSONResponse(self._exchange.order_book(request.path_params["pair"], int(depth)))

    async def trade(self, request: Request) -> Response:
        order = await _order(request)
        return JSONResponse(self._exchange.trade(order, request.headers.get("idempotency-key")), 201)

    async def withdraw(self, request: Request) -> Response:
        order = await _order(request)
        return JSONResponse(self._withdrawals.begin(order, request.headers.get("idempotency-key")), 202)

    async def withdrawal(self, request: Request) -> Response:
        return JSONResponse(self._withdrawals.status(request.path_params["withdrawal"]))


async def _order(request: Request) -> dict[str, Any]:
    try:
        order = json.loads(await request.body())
    except ValueError as error:
        raise Refused(400, "the body is not JSON") from error
    if not isinstance(order, dict):
        raise Refused(400, "the body must be a JSON object")
    return order


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse({"error": error.message}, error.status)


class RequestLog:
    """Requests, with the times when each began and ended (Unix seconds): overlaps show what ran in parallel."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.entries: deque[dict[str, Any]] = deque(maxlen=KEPT_ENTRIES)

    def add(self, entry: dict[str, Any]) -> None:
        self.entries.append(entry)
        with self._path.open("a") as log:
            log.write(json.dumps(entry) + "\n")


class LoggedRequests:
    """Logs each request, without its key and query."""

    def __init__(self, app: ASGIApp, log: RequestLog) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_"):
            await self._app(scope, receive, send)
            return
        entry: dict[str, Any] = {"method": scope["method"], "path": scope["path"], "status": None}
        entry |= {"idempotency_key": _header(scope, b"idempotency-key"), "started": time.time()}

        async def note_status(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        finally:
            self._log.add(entry | {"ended": time.time()})


def _header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)
