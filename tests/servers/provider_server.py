"""A model provider on a real socket that says what a script tells it, and misbehaves where it says so.

Raw asyncio rather than a framework, because broken connections and half answers are the point.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self

from tests.servers.script import Answer, Closes, Hangs, Raw, Received, Refusal, Reply, Script

REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


class Dropped(Exception):
    """The script says that the connection breaks here."""


class ProviderServer(ABC):
    """`async with OpenAIServer([text("Hello")]) as server:` then `server.url`, `server.requests`.

    A script is a reply for each request in order (one too many is a 400 that says so), or a function of the request.
    Requests that break the provider's own rules are answered with its 400, and use up no reply; `faults` are its words.
    `arrived` is for a test that waits for a request.
    """

    def __init__(self, script: Script = ()) -> None:
        self.requests: list[Received] = []
        self.faults: list[str] = []
        self.arrived: asyncio.Queue[Received] = asyncio.Queue()
        self._script = script if callable(script) else _in_order(script)
        self._serial = itertools.count(1)
        self._connections: set[asyncio.Task[None]] = set()

    @property
    @abstractmethod
    def url(self) -> str:
        """What the provider's `*_API_BASE` would be."""

    @abstractmethod
    def fault(self, request: Received) -> Refusal | None:
        """What the real provider would have against the request."""

    @abstractmethod
    def error_body(self, refusal: Refusal) -> Mapping[str, Any]:
        """The provider's JSON for an error."""

    @abstractmethod
    def events(self, answer: Answer, request: Received) -> AsyncIterator[bytes]:
        """The provider's events for an answer; each is sent in one write. Raises Dropped."""

    def reply(self, request: Received) -> Reply:
        """The script's reply."""
        return self._script(request)

    @property
    def origin(self) -> str:
        host, port = self._server.sockets[0].getsockname()
        return f"http://{host}:{port}"

    def serial(self) -> int:
        """A number that no other id of this server has."""
        return next(self._serial)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _read(reader)
        self.requests.append(request)
        self.arrived.put_nowait(request)
        answering = asyncio.ensure_future(self._answer(request, writer))
        leaving = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                request.left.set()
        finally:
            leaving.cancel()
            answering.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)
        if not answering.cancelled() and (error := answering.exception()):
            raise error

    async def _answer(self, request: Received, writer: asyncio.StreamWriter) -> None:
        fault = self.fault(request)
        self.faults.extend([fault.message] if fault else [])
        reply = fault or self.reply(request)
        match reply:
            case Answer():
                await self._stream(reply, request, writer)
            case Refusal():
                body = json.dumps(self.error_body(reply)).encode()
                await _whole(writer, reply.status, "application/json", body, reply.headers)
            case Raw():
                await _whole(writer, reply.status, reply.content_type, reply.body, {})
            case Hangs():
                await asyncio.Event().wait()
            case Closes():
                writer.transport.abort()

    async def _stream(self, answer: Answer, request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(_head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"}))
        try:
            async for event in self.events(answer, request):
                writer.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
                await writer.drain()
        except Dropped:
            writer.transport.abort()
            return
        writer.write(b"0\r\n\r\n")
        await writer.drain()


def _in_order(replies: Any) -> Any:
    rest = iter(replies)
    return lambda request: next(rest, Refusal(400, "the script has no reply for this request"))


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.rstrip().split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, path, headers, _decoded(body))


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


async def _whole(
    writer: asyncio.StreamWriter, status: int, content_type: str, body: bytes, headers: Mapping[str, str]
) -> None:
    writer.write(_head(status, {"content-type": content_type, "content-length": str(len(body)), **headers}) + body)
    await writer.drain()


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}", "connection: close"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()


def sse(data: Any, event: str | None = None) -> bytes:
    """A server-sent event with JSON data, or with text that goes out as it is."""
    line = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {event}\n" if event else "").encode() + f"data: {line}\n\n".encode()


def reply_of(reply: Reply) -> Script:
    """A script that says the same to every request."""
    return lambda request: reply
