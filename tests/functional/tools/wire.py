"""A tool's server at the level of bytes: it answers, or misbehaves, as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Reply = Callable[["Wire", asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Wire:
    """The server: `requests` as they came, head and body. `asked`: one came; `gone`: a client left."""

    port: int = 0
    requests: list[str] = field(default_factory=list)
    connections: int = 0
    written: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


@asynccontextmanager
async def wire(reply: Reply) -> AsyncIterator[Wire]:
    """A server on a free port that reads a request, lets `reply` answer, and reads the next one."""
    served = Wire()
    running: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.connections += 1
        task = asyncio.current_task()
        assert task
        running.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not writer.is_closing():
                served.requests.append(await _request(reader))
                served.asked.set()
                await reply(served, writer)
                await writer.drain()
        served.gone.set()
        running.discard(task)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await server.wait_closed()


async def _request(reader: asyncio.StreamReader) -> str:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lengths = [line.split(":")[1] for line in head.lower().split("\r\n") if line.startswith("content-length:")]
    body = await reader.readexactly(int(lengths[0])) if lengths else b""
    return head + body.decode()


def answering(body: bytes | str = b"{}", status: str = "200 OK", **headers: str) -> Reply:
    """The same answer to every request."""
    content = body if isinstance(body, bytes) else body.encode()
    lines = {"content-type": "application/json", "content-length": str(len(content))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}

    async def reply(_: Wire, writer: asyncio.StreamWriter) -> None:
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content)

    return reply


def raw(content: bytes, *, close: bool = True) -> Reply:
    """Bytes that may or may not be HTTP, then the end of the connection."""

    async def reply(_: Wire, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()
        if close:
            writer.close()

    return reply


def dripping(every: float) -> Reply:
    """An answer that begins at once and never ends."""

    async def reply(served: Wire, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(every)

    return reply


def endless(chunk: bytes = b"x" * 65_536, chunks: int = 800) -> Reply:
    """50 MB, or as much of it as is taken."""

    async def reply(served: Wire, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(chunk) * chunks}\r\n\r\n".encode())
        for _ in range(chunks):
            writer.write(chunk)
            await writer.drain()
            served.written += len(chunk)

    return reply


async def silence(_: Wire, __: asyncio.StreamWriter) -> None:
    """Never an answer."""
    await asyncio.Event().wait()
