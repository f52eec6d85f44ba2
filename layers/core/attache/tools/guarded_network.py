"""Connections to public addresses only: resolve the host once, check every address, dial a checked one.

So a name that resolves differently the second time gains nothing (design, invariant 11).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable

import httpcore

from attache.tools.addresses import is_loopback, is_loopback_host, refusal

Resolve = Callable[[str, int], Awaitable[list[str]]]
DEFAULT_TIMEOUT = 5.0


class AddressRefusedError(httpcore.ConnectError):
    """The host has an address that tools may not reach."""


async def system_resolve(host: str, port: int) -> list[str]:
    """The addresses of a host by the system's resolver, in its order. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """httpcore's network with a check before every connection, also after redirects.

    `allow_loopback`: hosts that name this machine may be reached, for the local stack. `dial` is the underlying
    network.
    """

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        resolve: Resolve = system_resolve,
        dial: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._resolve = resolve
        self._dial = dial or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers. Raises AddressRefusedError, ConnectError, ConnectTimeout."""
        try:
            async with asyncio.timeout(timeout or DEFAULT_TIMEOUT):
                addresses = await self._checked(host, port)
                return await self._first(addresses, port, local_address, list(socket_options or ()))
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"{host} did not accept a connection in time") from None

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.AsyncNetworkStream:
        del timeout, socket_options
        raise AddressRefusedError(f"{path} is a local socket, which tools do not reach")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _checked(self, host: str, port: int) -> list[str]:
        """All addresses of a host. Raises AddressRefusedError if any of them is not allowed."""
        try:
            addresses = await self._resolve(host, port)
        except OSError as error:
            raise httpcore.ConnectError(f"the name {host} cannot be resolved") from error
        for address in addresses:
            reason = refusal(address)
            if reason and not (self._allow_loopback and is_loopback_host(host) and is_loopback(address)):
                raise AddressRefusedError(f"{host} is {reason}, which tools do not reach")
        if not addresses:
            raise httpcore.ConnectError(f"the name {host} has no address")
        return addresses

    async def _first(
        self, addresses: list[str], port: int, local_address: str | None, options: list[httpcore.SOCKET_OPTION]
    ) -> httpcore.AsyncNetworkStream:
        for address in addresses[:-1]:
            try:
                return await self._dial.connect_tcp(address, port, None, local_address, options)
            except httpcore.ConnectError:
                continue
        return await self._dial.connect_tcp(addresses[-1], port, None, local_address, options)
