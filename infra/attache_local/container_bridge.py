"""Making loopback ports of this machine reachable from containers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from ipaddress import ip_network

from attache_local.ports import LOOPBACK

PIECE = 65_536
DESKTOP = "host.docker.internal"  # where Docker runs in a machine of its own, which passes on to loopback itself


@asynccontextmanager
async def reachable_from_containers(ports: Collection[int]) -> AsyncIterator[str]:
    """The host at which containers reach these loopback ports, while the block runs."""
    gateway = await _gateway()
    async with AsyncExitStack() as stack:
        try:
            for port in ports:
                await stack.enter_async_context(await asyncio.start_server(partial(_relay, port), gateway, port))
        except OSError:  # the address is not this machine's
            gateway = DESKTOP
        yield gateway


async def _gateway() -> str:
    """The bridge network's address: the one Docker names, or else its first."""
    process = await asyncio.create_subprocess_exec(
        *("docker", "network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}"), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    found: dict[str, str] = next(iter(json.loads(said or "[]") or []), {})
    if "Gateway" in found:
        return str(found["Gateway"])
    return str(next(ip_network(found["Subnet"]).hosts())) if "Subnet" in found else DESKTOP


async def _relay(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    there, target = await asyncio.open_connection(LOOPBACK, port)
    await asyncio.gather(_pass_on(reader, target), _pass_on(there, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()
