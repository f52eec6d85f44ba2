"""The network that tools see: what is resolved is checked, and what is checked is dialled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import httpcore
import pytest

from attache.tools.guarded_network import AddressRefusedError, GuardedNetwork, system_resolve


class FakeNetwork(httpcore.AsyncNetworkBackend):
    """Notes what is dialled; addresses in `dead` do not answer."""

    def __init__(self, dead: Sequence[str] = ()) -> None:
        self.dialled: list[str] = []
        self._dead = dead

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append(host)
        if host in self._dead:
            raise httpcore.ConnectError("refused")
        return httpcore.AsyncMockStream([])


class Names:
    """A resolver whose answers change: each lookup takes the next one."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = iter(answers)
        self.lookups = 0

    async def __call__(self, host: str, port: int) -> list[str]:
        self.lookups += 1
        return next(self._answers)


async def test_the_checked_address_is_dialled_and_not_the_name() -> None:
    names, network = Names(["8.8.8.8"], ["127.0.0.1"]), FakeNetwork()
    guarded = GuardedNetwork(resolve=names, dial=network)
    await guarded.connect_tcp("api.example.com", 443)
    assert (names.lookups, network.dialled) == (1, ["8.8.8.8"])
    with pytest.raises(AddressRefusedError):
        await guarded.connect_tcp("api.example.com", 443)
    assert network.dialled == ["8.8.8.8"]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["8.8.8.8", "10.0.0.1"],
        ["2606:4700::1111", "::ffff:169.254.169.254"],
        ["fd00:ec2::254"],
        ["0.0.0.0"],
    ],
)
async def test_one_bad_address_refuses_the_host(addresses: list[str]) -> None:
    network = FakeNetwork()
    with pytest.raises(AddressRefusedError, match=r"api\.example\.com is"):
        await GuardedNetwork(resolve=Names(addresses), dial=network, allow_loopback=True).connect_tcp(
            "api.example.com", 443
        )
    assert not network.dialled


@pytest.mark.parametrize("host", ["169.254.169.254", "0x7f.1", "2130706433", "127.1", "localhost", "[::1]", "::1"])
async def test_the_system_s_ways_to_write_an_address_change_nothing(host: str) -> None:
    network = FakeNetwork()
    with pytest.raises(httpcore.ConnectError):
        await GuardedNetwork(resolve=system_resolve, dial=network).connect_tcp(host, 80)
    assert not network.dialled


async def test_addresses_are_tried_in_turn() -> None:
    network = FakeNetwork(dead=["8.8.8.8"])
    await GuardedNetwork(resolve=Names(["8.8.8.8", "1.1.1.1"]), dial=network).connect_tcp("api.example.com", 443)
    assert network.dialled == ["8.8.8.8", "1.1.1.1"]


async def test_no_address_and_no_name_are_connect_errors() -> None:
    async def unknown(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(httpcore.ConnectError, match="has no address"):
        await GuardedNetwork(resolve=Names([])).connect_tcp("api.example.com", 443)
    with pytest.raises(httpcore.ConnectError, match="cannot be resolved"):
        await GuardedNetwork(resolve=unknown).connect_tcp("api.example.com", 443)


async def test_local_sockets_are_refused() -> None:
    with pytest.raises(AddressRefusedError):
        await GuardedNetwork().connect_unix_socket("/var/run/docker.sock")
