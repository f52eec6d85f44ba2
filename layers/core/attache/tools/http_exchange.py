"""One HTTP exchange over the guarded network: limited in time and size, and clear about whether it was sent."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpcore

from attache.tools.guarded_network import AddressRefusedError, GuardedNetwork
from attache.tools.request import HttpRequest
from attache.tools.results import HttpAnswer

MAX_BODY = 1_000_000
CONNECT_TIMEOUT = 5.0
KEEP_SECONDS = 30.0
_SENT = "http11.send_request_headers.started"
_ENCODINGS = {"": None, "identity": None, "gzip": 31, "x-gzip": 31, "deflate": 47}  # zlib's window bits


class ExchangeFailedError(Exception):
    """No complete response. `sent`: the request may have arrived; `timed_out`: why. The message has no secrets."""

    def __init__(self, message: str, *, sent: bool, timed_out: bool = False) -> None:
        super().__init__(message)
        self.sent = sent
        self.timed_out = timed_out


@dataclass
class _Progress:
    """How far an exchange has come."""

    sent: bool = False
    status: int | None = field(default=None)

    async def note(self, event: str, _: object) -> None:
        """httpcore's trace hook."""
        self.sent = self.sent or event == _SENT


class Exchanges:
    """Sends requests over connection pools that are made on first use, one per event loop.

    Requests that may be repeated reuse connections. Others get a new one, because if the server just closed a reused
    connection, nobody knows whether the request arrived. No proxy, no cookies, no redirects.
    """

    def __init__(self, network: GuardedNetwork | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self._network = network or GuardedNetwork()
        self._tls = tls
        self._loop: asyncio.AbstractEventLoop | None = None
        self._kept: httpcore.AsyncConnectionPool | None = None
        self._new: httpcore.AsyncConnectionPool | None = None

    async def send(self, request: HttpRequest, *, until: float, safe: bool) -> HttpAnswer:
        """The response, its body cut at 1 MB; complete by `until` (event loop's clock). Raises ExchangeFailedError."""
        progress = _Progress()
        try:
            async with asyncio.timeout_at(until):
                return await self._send(request, progress, safe=safe)
        except (TimeoutError, httpcore.TimeoutException):
            what = "no whole answer came in time" if progress.sent else "no connection was made in time"
            raise ExchangeFailedError(what, sent=progress.sent, timed_out=True) from None
        except (AddressRefusedError, httpcore.LocalProtocolError, httpcore.UnsupportedProtocol) as error:
            raise ExchangeFailedError(str(error), sent=False) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, zlib.error) as error:
            raise ExchangeFailedError(_words(error, progress), sent=progress.sent) from None

    async def close(self) -> None:
        """Close open connections; the next request opens new ones."""
        for pool in (self._kept, self._new):
            if pool is not None:
                await pool.aclose()
        self._kept = self._new = None

    def _pool(self, *, kept: bool) -> httpcore.AsyncConnectionPool:
        if self._loop is not asyncio.get_running_loop():  # connections belong to the loop that opened them
            self._loop, self._kept, self._new = asyncio.get_running_loop(), None, None
        if self._kept is None or self._new is None:
            self._kept, self._new = self._make(20), self._make(0)
        return self._kept if kept else self._new

    def _make(self, keep: int) -> httpcore.AsyncConnectionPool:
        self._tls = self._tls or httpcore.default_ssl_context()
        return httpcore.AsyncConnectionPool(
            ssl_context=self._tls,
            max_connections=100,
            max_keepalive_connections=keep,
            keepalive_expiry=KEEP_SECONDS,
            network_backend=self._network,
        )

    async def _send(self, request: HttpRequest, progress: _Progress, *, safe: bool) -> HttpAnswer:
        """Send; a safe request is repeated once if its reused connection turns out to be closed."""
        try:
            return await self._exchange(self._pool(kept=safe), request, progress)
        except (httpcore.ReadError, httpcore.WriteError, httpcore.RemoteProtocolError):
            if not safe or progress.status is not None:
                raise
        return await self._exchange(self._pool(kept=False), request, progress)

    async def _exchange(
        self, pool: httpcore.AsyncConnectionPool, request: HttpRequest, progress: _Progress
    ) -> HttpAnswer:
        timeouts = {"connect": CONNECT_TIMEOUT, "pool": CONNECT_TIMEOUT}
        async with pool.stream(
            request.method,
            _url(request),
            headers=[*request.headers, ("Accept-Encoding", "gzip")],
            content=request.content or None,
            extensions={"timeout": timeouts, "trace": progress.note},
        ) as response:
            progress.status = response.status
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            body, cut = await _read(response.aiter_stream(), headers.get("content-encoding", "").strip().lower())
        return HttpAnswer(response.status, headers, body, cut)


async def _read(chunks: AsyncIterable[bytes], encoding: str) -> tuple[bytes, bool]:
    """At most 1 MB of the body, however much is sent and however far it expands; and whether it was cut."""
    if encoding not in _ENCODINGS:
        raise httpcore.RemoteProtocolError(f"an encoding that was not asked for ({encoding[:40]})")
    window = _ENCODINGS[encoding]
    unpack = zlib.decompressobj(window) if window else None
    body, received = bytearray(), 0
    async for chunk in chunks:
        received += len(chunk)
        body += unpack.decompress(chunk, MAX_BODY + 1 - len(body)) if unpack else chunk
        if len(body) > MAX_BODY or received > MAX_BODY:
            return bytes(body[:MAX_BODY]), True
    if unpack and not unpack.eof and received:
        raise httpcore.RemoteProtocolError("a compressed answer without its end")
    return bytes(body), False


def _url(request: HttpRequest) -> httpcore.URL:
    parts = urlsplit(request.origin)
    host = (parts.hostname or "").encode("ascii")
    return httpcore.URL(scheme=parts.scheme, host=host, port=parts.port, target=request.target.encode("ascii"))


def _words(error: Exception, progress: _Progress) -> str:
    if progress.status is not None:
        return f"the connection broke off in the middle of the answer (status {progress.status})"
    if progress.sent:
        return "the connection was closed, or spoke no HTTP, before an answer came"
    return str(error) if isinstance(error, httpcore.ConnectError) and str(error) else "no connection could be made"
