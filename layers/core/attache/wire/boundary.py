"""The outermost layer of every HTTP function: headers of every response, and errors that must not leak.

No exception passes it: uvicorn would close a connection that the Lambda Web Adapter is about to reuse, and the next
request would fail.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from attache.telemetry.about import noted
from attache.wire.known import known_of
from attache.wire.refusals import our_fault
from attache.wire.request_ids import new_request_id

REQUEST_HEADERS = (
    "X-Session-Id, AOMI-APP-KEY, X-API-Key, Last-Event-ID, Prefer, Idempotency-Key, "
    "Content-Type, Accept, If-None-Match, X-Wallet-Token"
)  # fmt: skip
PREFLIGHT = {
    "access-control-allow-methods": "GET, POST, PATCH, DELETE, OPTIONS",
    "access-control-allow-headers": REQUEST_HEADERS,
    "access-control-max-age": "7200",
}
EVERY_ANSWER = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "X-Session-Id, ETag, Retry-After",
    "cache-control": "private, no-cache",
    "vary": "X-Session-Id, AOMI-APP-KEY, X-API-Key",
    "x-content-type-options": "nosniff",
}

log = logging.getLogger(__name__)


Settle = Callable[[], Awaitable[None]]


class Boundary:
    """ASGI middleware; it answers preflights itself, on every path.

    `settle` is awaited before the last byte of each response: what still runs then would be frozen with the function.
    """

    def __init__(self, app: ASGIApp, settle: Settle | None = None) -> None:
        self.app = app
        self.settle = settle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = _Answer(send, self.settle)
        app = _preflight if scope["method"] == "OPTIONS" else self.app
        with noted(**known_of(scope)):
            await self._answered(app, scope, receive, answer)

    @staticmethod
    async def _answered(app: ASGIApp, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            await app(scope, receive, answer.send)
        except ClientDisconnect:
            log.debug("the client left before it had sent its request")
        except Exception:
            request_id = new_request_id()
            log.exception("%s %s failed, request id %s", scope["method"], route_path(scope), request_id)
            await answer.fail(scope, receive, request_id)


def route_path(scope: Scope) -> str:
    """The route's path for a log, as `/api/sessions/{session_id}`: a session's id must not be logged."""
    path: str = getattr(scope.get("route"), "path", "no endpoint")
    return path


class _Answer:
    """How much of a response has been sent."""

    def __init__(self, send: Send, settle: Settle | None) -> None:
        self._send = send
        self._settle = settle
        self._started = False
        self._complete = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            headers = MutableHeaders(scope=message)
            for name, value in EVERY_ANSWER.items():
                headers.setdefault(name, value)
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self._complete = True
            await self._settled()
        await self._send(message)

    async def _settled(self) -> None:
        try:
            if self._settle is not None:
                await self._settle()
        except Exception:
            log.exception("what an answer had left to do failed")

    async def fail(self, scope: Scope, receive: Receive, request_id: str) -> None:
        if not self._started:
            refused = our_fault(request_id)
            await JSONResponse(refused.body, refused.status)(scope, receive, self.send)
        elif not self._complete:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


async def _preflight(scope: Scope, receive: Receive, send: Send) -> None:
    # 200 with a body: streamed 204s were seen to hang behind the adapter
    await JSONResponse({}, headers=PREFLIGHT)(scope, receive, send)
