"""The HTTP connections of model calls: pooled, and closed by us.

LiteLLM does not close an Anthropic stream that is left early (its iterator has no `aclose`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import httpx

LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=20)


@dataclass
class HttpxPools:
    """A connection pool for each event loop, made on first use."""

    def __post_init__(self) -> None:
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncHTTPTransport] = WeakKeyDictionary()

    def call(self) -> CallTransport:
        """A transport for one model call."""
        loop = asyncio.get_running_loop()
        if loop not in self._pools:
            self._pools[loop] = httpx.AsyncHTTPTransport(limits=LIMITS)
        return CallTransport(self._pools[loop])

    async def aclose(self) -> None:
        """Close the connections of this event loop."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.aclose()


class CallTransport(httpx.AsyncBaseTransport):
    """The transport of one call. Closing it closes the call's responses, read to their end or not."""

    def __init__(self, pool: httpx.AsyncHTTPTransport) -> None:
        self._pool = pool
        self._responses: list[httpx.Response] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._pool.handle_async_request(request)
        except (httpx.ConnectError, httpx.RemoteProtocolError) as error:
            # LiteLLM would resend after these two by itself, and then close the response it got
            raise httpx.ReadError(str(error), request=request) from error
        self._responses.append(response)
        return response

    @property
    def status(self) -> int | None:
        """The last response's status; None without a response."""
        return self._responses[-1].status_code if self._responses else None

    @property
    def retry_after(self) -> float | None:
        """Seconds in the last response's `Retry-After`; None unless it is a number."""
        said = self._responses[-1].headers.get("retry-after", "") if self._responses else ""
        return float(said) if said.isdecimal() and said.isascii() else None

    async def aclose(self) -> None:
        for response in self._responses:
            await response.aclose()
