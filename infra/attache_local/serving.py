"""ASGI applications on loopback sockets, served by uvicorn in this process."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import quote

import h11
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from attache.wire.boundary import EVERY_ANSWER
from attache_local.errors import LocalStackError
from attache_local.ports import LOOPBACK, port_of

GRACE_SECONDS = 1
KEPT_SECONDS = 75  # longer than clients do: else a connection is closed just when it is used again
MOST_HEAD = 1 << 20  # as on Lambda: a message that is too long is refused in our own JSON
STEP_SECONDS = 0.01
UNREADABLE = "What is not ASCII in a URL must be percent-encoded, and a long message belongs into the body."
_SESSION_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

log = logging.getLogger("attache.access")


@asynccontextmanager
async def serving(app: ASGIApp, listening: socket.socket) -> AsyncIterator[str]:
    """Serve `app` while the block runs; gives its URL. Streams still open at the end are cut after a second."""
    config = uvicorn.Config(
        app,
        http=_Protocol,
        h11_max_incomplete_event_size=MOST_HEAD,
        access_log=False,
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEPT_SECONDS,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            if running.done():
                raise LocalStackError(f"the server on port {port_of(listening)} did not start")
            await asyncio.sleep(STEP_SECONDS)
        yield f"http://{LOOPBACK}:{port_of(listening)}"
    finally:
        server.should_exit = True
        await running


class _Protocol(H11Protocol):
    """What cannot be read as HTTP is refused in the API's own shape."""

    def send_400_response(self, msg: str) -> None:
        headers = {**EVERY_ANSWER, "content-type": "application/json", "connection": "close"}
        refused = json.dumps({"error": f"{msg} {UNREADABLE}"}).encode()
        start = h11.Response(status_code=400, headers=list(headers.items()), reason="Bad Request")
        for part in (start, h11.Data(data=refused), h11.EndOfMessage()):
            self.transport.write(self.conn.send(part) or b"")
        self.transport.close()


class _Server(uvicorn.Server):
    """Signals are the stack's business, not that of one of its servers."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class AccessLog:
    """Logs a line for each response: method, path, status, milliseconds until its last byte.

    The path is the route's (`/api/sessions/{session_id}`) and has no query string: queries contain messages and client
    ids, and a session's id gives access to it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), "-"

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        finally:
            path = getattr(scope.get("route"), "path", None) or _SESSION_ID.sub("{session_id}", quote(scope["path"]))
            log.info("%s %s %s %d ms", scope["method"], path, status, (time.monotonic() - began) * 1000)
