from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.types import Message, Receive, Scope, Send

from attache.wire.long_poll import LongPoll


class Stream:
    """Sends these pieces, waits as long as a number says, and ends."""

    def __init__(self, *pieces: bytes | float) -> None:
        self._pieces = pieces
        self.cancelled = False

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            for piece in self._pieces:
                if isinstance(piece, bytes):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                else:
                    await asyncio.sleep(piece)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def answer(app: LongPoll) -> Sequence[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return await asyncio.Future()

    await app({"type": "http"}, receive, send)
    assert [message.get("more_body") for message in sent].count(False) == 1
    assert sent[-1].get("more_body") is False
    return sent


def body(sent: Sequence[Message]) -> bytes:
    return b"".join(message.get("body", b"") for message in sent)


async def test_it_is_over_soon_after_the_first_event() -> None:
    stream = Stream(b"id: a-1\n\n", b"data: 1\n\n", b"data: 2\n\n", 60.0, b"data: 3\n\n")
    assert body(await answer(LongPoll(stream, 0.01))) == b"id: a-1\n\ndata: 1\n\ndata: 2\n\n"
    assert stream.cancelled


async def test_what_comes_soon_comes_along() -> None:
    sent = await answer(LongPoll(Stream(b"data: 1\n\n", 0.01, b"data: 2\n\n", 60.0), 0.2))
    assert body(sent) == b"data: 1\n\ndata: 2\n\n"


async def test_a_stream_that_ends_by_itself_is_as_it_was() -> None:
    assert body(await answer(LongPoll(Stream(b": nothing\n\n"), 0.01))) == b": nothing\n\n"
    assert body(await answer(LongPoll(Stream(b"data: 1\n\n"), 60))) == b"data: 1\n\n"
