"""Any ASGI application on a real socket, in a thread with an event loop of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"
LARGEST_HEAD = 1024 * 1024  # as functions/chat/run.sh has it


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """The address that `app` answers at, until the block ends."""
    config = uvicorn.Config(
        app, ws="none", lifespan="off", log_config=None, access_log=False, h11_max_incomplete_event_size=LARGEST_HEAD
    )
    server = _Server(config)
    with socket.create_server((LOOPBACK, 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],), name="http-server")
        thread.start()
        server.ready.wait()
        try:
            yield f"http://{LOOPBACK}:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


class _Server(uvicorn.Server):
    """Says when it is ready, or will never be."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()
