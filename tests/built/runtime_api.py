"""Lambda's Runtime API for one sandbox, over HTTP/1.1: what the Lambda Web Adapter asks for events, and answers.

`/next` waits for an event; `/response` is read piece by piece, as it is written; so a piece of the answer is here as
soon as the function has sent it. The Extensions API is as much as an extension needs that wants no events.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import h11

ARN = "arn:aws:lambda:us-east-1:000000000000:function:built"
DELIMITER = b"\0" * 8  # between the head, which is JSON, and the body of a streamed answer
MOST_HEAD = 16 * 1024  # API Gateway looks for the delimiter no further
ERROR_TYPE = b"lambda-runtime-function-error-type"
_INVOCATION = re.compile(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)")


@dataclass(frozen=True)
class Head:
    """What goes out before the first byte of the body."""

    status: int
    headers: tuple[tuple[str, str], ...]

    @staticmethod
    def read(data: Mapping[str, Any]) -> Head:
        """Raises ValueError for a header of several values, which API Gateway does not pass on in every case."""
        headers = dict(data.get("headers") or {})
        many = {name: value for name, value in headers.items() if not isinstance(value, str)}
        if many:
            raise ValueError(f"headers of several values: {many}")
        return Head(int(data["statusCode"]), tuple(headers.items()))


class FunctionFailed(Exception):
    """The runtime said that the invocation failed, or went away in the midst of its answer."""


@dataclass
class Invocation:
    """An event and the pieces of its answer: a head, bytes as they came, and None at the end; or a failure."""

    event: bytes
    id: str = field(default_factory=lambda: str(uuid4()))
    pieces: asyncio.Queue[Head | bytes | FunctionFailed | None] = field(default_factory=asyncio.Queue)

    async def head(self) -> Head:
        piece = await self._next()
        assert isinstance(piece, Head), piece
        return piece

    async def piece(self) -> bytes | None:
        """The next bytes of the body; None when it is whole. Raises FunctionFailed."""
        piece = await self._next()
        assert not isinstance(piece, Head), piece
        return piece

    async def _next(self) -> Head | bytes | None:
        piece = await self.pieces.get()
        if isinstance(piece, FunctionFailed):
            raise piece
        return piece


class Peer:
    """One connection: h11 speaks the protocol, asyncio carries the bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer, self._http = reader, writer, h11.Connection(h11.SERVER)

    async def event(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(65_536))
            self._acknowledge()
        return event

    def _acknowledge(self) -> None:
        # The adapter writes head and delimiter apart, with Nagle's algorithm on: a late ACK would cost 40 ms each time.
        if hasattr(socket, "TCP_QUICKACK"):
            self._writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    async def body(self) -> bytes:
        body = b""
        while isinstance(event := await self.event(), h11.Data):
            body += bytes(event.data)
        if not isinstance(event, h11.EndOfMessage):
            raise ConnectionError("closed in the midst of a body")
        return body

    async def answer(self, status: int, body: bytes = b"{}", headers: Sequence[tuple[str, str]] = ()) -> None:
        kind = [("content-type", "application/json"), ("content-length", str(len(body)))]
        for event in (
            h11.Response(status_code=status, headers=[*kind, *headers]),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self._writer.write(self._http.send(event) or b"")
        await self._writer.drain()

    def next_request(self) -> bool:
        """Whether this connection goes on with another request."""
        if self._http.our_state is self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            return True
        return False

    def close(self) -> None:
        self._writer.close()


class RuntimeApi:
    """Serves one runtime. `on_idle` is called when it asks for an event and there is none, `on_event` when one comes.

    `timeout` is what the function is told that it has, in seconds, from each event on.
    """

    def __init__(self, timeout: float, on_idle: Callable[[], None], on_event: Callable[[], None]) -> None:
        self.timeout = timeout
        self.ready = asyncio.Event()
        self.init_error: bytes | None = None
        self._on_idle, self._on_event = on_idle, on_event
        self._waiting: asyncio.Queue[Invocation] = asyncio.Queue()
        self._running: dict[str, Invocation] = {}
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """The address, as `AWS_LAMBDA_RUNTIME_API` says it."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return "127.0.0.1:{1}".format(*self._server.sockets[0].getsockname())

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for invocation in self._running.values():
            invocation.pieces.put_nowait(FunctionFailed("the sandbox was stopped"))

    def invoke(self, invocation: Invocation) -> None:
        self._waiting.put_nowait(invocation)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        try:
            while isinstance(request := await peer.event(), h11.Request):
                await self._request(peer, request.target.decode())
                if not peer.next_request():
                    break
        except (ConnectionError, h11.ProtocolError, asyncio.CancelledError):
            pass
        finally:
            peer.close()

    async def _request(self, peer: Peer, target: str) -> None:
        if found := _INVOCATION.fullmatch(target):
            await self._answered(peer, self._running.pop(found[1]), found[2])
        elif target == "/2018-06-01/runtime/invocation/next":
            await peer.body()
            await self._next(peer)
        elif target == "/2020-01-01/extension/register":
            await peer.body()
            await peer.answer(200, headers=[("Lambda-Extension-Identifier", str(uuid4()))])
        elif target == "/2020-01-01/extension/event/next":
            await asyncio.Event().wait()  # it registered for no events
        else:
            self.init_error = await peer.body()
            self.ready.set()
            await peer.answer(202)

    async def _next(self, peer: Peer) -> None:
        self.ready.set()
        if self._waiting.empty():
            self._on_idle()
        invocation = await self._waiting.get()
        self._on_event()
        self._running[invocation.id] = invocation
        deadline = int((time.time() + self.timeout) * 1000)
        await peer.answer(
            200,
            invocation.event,
            [
                ("Lambda-Runtime-Aws-Request-Id", invocation.id),
                ("Lambda-Runtime-Deadline-Ms", str(deadline)),
                ("Lambda-Runtime-Invoked-Function-Arn", ARN),
                ("Lambda-Runtime-Trace-Id", f"Root=1-{int(time.time()):08x}-{uuid4().hex[:24]};Sampled=0"),
            ],
        )

    async def _answered(self, peer: Peer, invocation: Invocation, how: str) -> None:
        take: Callable[[Peer, Invocation], Awaitable[None]] = _streamed if how == "response" else _failed
        try:
            await take(peer, invocation)
            await peer.answer(202)
        except (ConnectionError, h11.ProtocolError, ValueError, KeyError) as error:
            invocation.pieces.put_nowait(FunctionFailed(repr(error)))
            raise ConnectionError from error


async def _failed(peer: Peer, invocation: Invocation) -> None:
    invocation.pieces.put_nowait(FunctionFailed((await peer.body()).decode(errors="replace")))


async def _streamed(peer: Peer, invocation: Invocation) -> None:
    """Pass the head and the bytes of the body on, as they come. An error comes in the trailers."""
    rest = await _head(peer, invocation)
    if rest:
        invocation.pieces.put_nowait(rest)
    while isinstance(event := await peer.event(), h11.Data):
        invocation.pieces.put_nowait(bytes(event.data))
    invocation.pieces.put_nowait(_ending(event))


async def _head(peer: Peer, invocation: Invocation) -> bytes:
    """What came of the body together with the head."""
    head = b""
    while DELIMITER not in head:
        event = await peer.event()
        if not isinstance(event, h11.Data) or len(head) > MOST_HEAD:
            raise ValueError(f"no delimiter after {len(head)} bytes: {head[:200]!r}")
        head += bytes(event.data)
    written, _, rest = head.partition(DELIMITER)
    invocation.pieces.put_nowait(Head.read(json.loads(written)))
    return rest


def _ending(event: object) -> FunctionFailed | None:
    if not isinstance(event, h11.EndOfMessage):
        return FunctionFailed("the runtime closed its connection in the midst of an answer")
    trailers = dict(event.headers)
    if ERROR_TYPE not in trailers:
        return None
    with suppress(ValueError):
        said = base64.b64decode(trailers.get(b"lambda-runtime-function-error-body", b"")).decode(errors="replace")
        return FunctionFailed(f"{trailers[ERROR_TYPE].decode()}: {said}")
    return FunctionFailed(trailers[ERROR_TYPE].decode())
