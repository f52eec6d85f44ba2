"""A relay before a server on loopback, that knows how much was sent to it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

PIECE = 65_536


class Relay:
    """`sent` counts the bytes that clients have sent through it so far."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._server: asyncio.Server | None = None
        self.sent = 0

    async def start(self) -> str:
        """Its URL."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return "http://127.0.0.1:{1}".format(*self._server.sockets[0].getsockname())

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, target = await asyncio.open_connection(self._target.hostname, self._target.port)
        back = asyncio.create_task(_pass_on(there, writer))
        with suppress(ConnectionError, asyncio.CancelledError):
            while piece := await reader.read(PIECE):
                self.sent += len(piece)
                target.write(piece)
                await target.drain()
        target.close()
        await back


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, asyncio.CancelledError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()
