"""A stream as a long poll: the response ends soon after its first event."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SOON = 0.3  # seconds after the first event, for others that come with it


class LongPoll:
    """Wraps an application. A response without events ends when the stream does."""

    def __init__(self, app: ASGIApp, soon: float = SOON) -> None:
        self._app = app
        self._soon = soon

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer(send)
        streaming = asyncio.ensure_future(self._app(scope, receive, answer.send))
        await self._wait(streaming, answer.came)
        if streaming.done():
            streaming.result()
        else:
            await answer.end()
            streaming.cancel()
            await asyncio.wait({streaming})

    async def _wait(self, streaming: asyncio.Future[None], came: asyncio.Event) -> None:
        arriving = asyncio.ensure_future(came.wait())
        either: set[asyncio.Future[Any]] = {streaming, arriving}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        arriving.cancel()
        if not streaming.done():
            await asyncio.wait({streaming}, timeout=self._soon)


class _Answer:
    """What has been sent, until it is over. `came` is set when an event was sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._over = False
        self.came = asyncio.Event()

    async def send(self, message: Message) -> None:
        if self._over:
            return
        self._over = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)
        if b"data: " in message.get("body", b""):
            self.came.set()

    async def end(self) -> None:
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})
