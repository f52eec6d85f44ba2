"""A chat service that tells one answer, and loses its streams where the test wants."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Told = tuple[str | None, dict[str, Any] | None]
Way = Literal["ends", "breaks", "resets"]


@dataclass
class Cut:
    """A connection that is lost after so many bytes: as if it ended, in the middle of a chunk, or with a TCP reset."""

    after: int
    way: Way = "ends"


@dataclass
class Scripted:
    """Tells `answers`, one after another, each from behind `Last-Event-ID`; the last one stays.

    `losses`: what happens to the next requests, None to tell it whole, a number to refuse with that status.
    """

    answers: list[list[Told]]
    losses: list[Cut | int | None] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next_stream(self, last_event_id: str | None) -> bytes:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        ids = [event_id for event_id, _ in answer]
        begin = ids.index(last_event_id) + 1 if last_event_id in ids and last_event_id else 0
        return b"".join(written(*told) for told in answer[begin:])

    @contextmanager
    def running(self) -> Iterator[None]:
        """Served at the same port each time."""
        with _Server(self) as server:
            self.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join()


def written(event_id: str | None, event: dict[str, Any] | None) -> bytes:
    """An event as the service writes it."""
    lines = [":"] if event is None and event_id is None else []
    lines += [f"id: {event_id}"] if event_id else []
    lines += [f"data: {json.dumps(event)}"] if event else []
    return ("\n".join(lines) + "\n\n").encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, service: Scripted) -> None:
        self.service = service
        super().__init__(("127.0.0.1", service.port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        service = self.server.service
        service.asked.append({name.lower(): value for name, value in self.headers.items()})
        loss = service.losses.pop(0) if service.losses else None
        self.close_connection = True
        if isinstance(loss, int):
            self._refuse(loss)
        else:
            self._stream(service.next_stream(self.headers["Last-Event-ID"]), loss)

    def do_GET(self) -> None:
        self.do_POST()

    def _refuse(self, status: int) -> None:
        body = json.dumps({"error": f"Refused with {status}."}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, content: bytes, loss: Cut | None) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        sent = content if loss is None else content[: loss.after]
        if sent:
            self.wfile.write(f"{len(sent):x}\r\n".encode() + sent + b"\r\n")
        if loss is None or loss.way == "ends":
            self.wfile.write(b"0\r\n\r\n")
        elif loss.way == "resets":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_request(self, *_: object) -> None:
        """Nobody reads it."""
