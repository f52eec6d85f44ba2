"""A stream of events as an HTTP response: kept open while nothing happens, always ended by an event."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from attache.errors import AttacheError
from attache.wire.request_ids import new_request_id
from attache.wire.sse import COMMENT, HEADERS, Event

SILENCE = 10.0  # contract, "Stream": seconds without an event after which a comment line is sent

log = logging.getLogger(__name__)


class EventStream(Response):
    """Sends each event in one write, as soon as it is there.

    If the client leaves, the iterator is closed, and its source goes on elsewhere. `lasts`: seconds that the function
    has left; the response then ends without a final event, and the client resumes.
    """

    def __init__(
        self, session_id: str, events: AsyncIterator[Event], *, silence: float = SILENCE, lasts: float | None = None
    ) -> None:
        super().__init__(headers={**HEADERS, "x-session-id": session_id})
        del self.headers["content-length"]
        self._frames = frames(events, silence, lasts)

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        writing = asyncio.ensure_future(self._write(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            writing.cancel()
            await asyncio.wait({writing, leaving})
        if not writing.cancelled():
            writing.result()

    async def _write(self, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for frame in self._frames:
                await send({"type": "http.response.body", "body": frame, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:
            log.debug("the client left a stream")
        finally:
            await self._frames.aclose()


async def frames(
    events: AsyncIterator[Event], silence: float = SILENCE, lasts: float | None = None
) -> AsyncGenerator[bytes]:
    """The events' bytes, with a comment line after each `silence` seconds without one; never raises.

    A failure becomes an `error` event, because the Lambda Web Adapter would end a broken stream like a complete one.
    `lasts` ends the stream after so many seconds.
    """
    try:
        async with aclosing(_with_silences(events, silence, lasts)) as spoken:
            async for event in spoken:
                yield COMMENT if event is None else event.encode()
    except Exception as error:
        request_id = new_request_id()
        log.exception("a stream failed, request id %s", request_id)
        yield _failure(error, request_id).encode()


async def _with_silences(
    events: AsyncIterator[Event], silence: float, lasts: float | None
) -> AsyncGenerator[Event | None]:
    """The events, and None after each silence. Waiting never cancels the step that is awaited."""
    over = None if lasts is None else asyncio.get_running_loop().time() + lasts
    step: asyncio.Future[Event] = asyncio.ensure_future(_next(events))
    try:
        while True:
            left = None if over is None else over - asyncio.get_running_loop().time()
            if left is not None and left <= 0:
                return
            done, _ = await asyncio.wait({step}, timeout=silence if left is None else min(silence, left))
            if not done:
                if left is None or left > silence:
                    yield None
                continue
            try:
                event = step.result()
            except StopAsyncIteration:
                return
            yield event
            step = asyncio.ensure_future(_next(events))
    finally:
        await _close(step, events)


async def _next(events: AsyncIterator[Event]) -> Event:
    return await anext(events)


async def _close(step: asyncio.Future[Event], events: AsyncIterator[Event]) -> None:
    step.cancel()
    await asyncio.gather(step, return_exceptions=True)
    close = getattr(events, "aclose", None)
    if close is not None:
        await close()


def _failure(error: Exception, request_id: str) -> Event:
    ours = f"Something went wrong on our side, request id {request_id}. Resume the stream, or ask again."
    message = error.message if isinstance(error, AttacheError) else ours
    return Event({"type": "error", "message": message, "code": "internal", "retryable": True})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
