"""Secrets: whose wins, how long one is remembered, and that it shows nowhere."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from attache.errors import BadInput, TooLarge
from attache.secrets import CannotOpen, Secrets, app_scope, client_scope
from attache.secrets.sealer import Place
from attache.secrets.secret_store import Kept
from attache.secrets.secrets import ABSENT_SECONDS, MOST_BYTES, OPEN_SECONDS
from tests.fakes.clock import FakeClock
from tests.fakes.secret_store import FakeSealer, FakeSecretStore

SHOP = app_scope("shop")


class World:
    """Two containers on one store."""

    def __init__(self) -> None:
        self.clock, self.store = FakeClock(), FakeSecretStore()
        self.secrets, self.other = (Secrets(self.store, FakeSealer(), self.clock) for _ in range(2))


@pytest.fixture
def world() -> World:
    return World()


async def test_a_secret_serves_its_own_app_only(world: World) -> None:
    await world.secrets.put(SHOP, "API_KEY", SecretStr("hunter2"))
    assert await world.secrets.value("shop", "API_KEY") == "hunter2"
    assert await world.secrets.value("bank", "API_KEY") is None
    assert await world.secrets.value("shop", "OTHER") is None
    assert await world.secrets.names(SHOP) == ["API_KEY"]
    assert await world.secrets.names(app_scope("bank")) == []


async def test_a_clients_own_secret_wins_for_that_client(world: World) -> None:
    await world.secrets.put(SHOP, "API_KEY", SecretStr("the operator's"))
    await world.secrets.put(client_scope("alice"), "API_KEY", SecretStr("alice's"))
    assert await world.secrets.value("shop", "API_KEY", "alice") == "alice's"
    assert await world.secrets.value("shop", "API_KEY", "bob") == "the operator's"
    assert await world.secrets.value("shop", "API_KEY") == "the operator's"


async def test_an_opened_value_is_remembered_shortly(world: World) -> None:
    await world.secrets.put(SHOP, "API_KEY", SecretStr("old"))
    assert await world.secrets.value("shop", "API_KEY") == "old"
    await world.other.put(SHOP, "API_KEY", SecretStr("new"))
    assert await world.secrets.value("shop", "API_KEY") == "old"
    assert world.store.reads == 1
    world.clock.forward(OPEN_SECONDS)
    assert await world.secrets.value("shop", "API_KEY") == "new"


async def test_a_missing_one_is_found_soon_after_it_was_set(world: World) -> None:
    assert await world.secrets.value("shop", "API_KEY") is None
    assert await world.secrets.value("shop", "API_KEY") is None
    assert world.store.reads == 1
    await world.other.put(SHOP, "API_KEY", SecretStr("new"))
    world.clock.forward(ABSENT_SECONDS)
    assert await world.secrets.value("shop", "API_KEY") == "new"


async def test_a_read_that_a_write_overtook_is_not_remembered(world: World) -> None:
    """A reader that saw nothing, and comes back with that once the secret is set."""
    reads, goes_on = asyncio.Event(), asyncio.Event()

    class Slow(FakeSecretStore):
        async def read(self, place: Place) -> Kept | None:
            kept = await super().read(place)
            reads.set()
            await goes_on.wait()
            return kept

    secrets = Secrets(Slow(), FakeSealer(), world.clock)
    reading = asyncio.create_task(secrets.value("shop", "API_KEY"))
    await reads.wait()
    world.clock.forward(0.01)
    await secrets.put(SHOP, "API_KEY", SecretStr("new"))
    goes_on.set()
    assert await reading is None
    assert await secrets.value("shop", "API_KEY") == "new"


async def test_what_a_container_changes_it_sees_at_once(world: World) -> None:
    assert await world.secrets.value("shop", "API_KEY") is None
    for value in ("one", "two"):
        await world.secrets.put(SHOP, "API_KEY", SecretStr(value))
        assert await world.secrets.value("shop", "API_KEY") == value
    assert await world.secrets.delete(SHOP, "API_KEY")
    assert not await world.secrets.delete(SHOP, "API_KEY")
    assert await world.secrets.value("shop", "API_KEY") is None


async def test_a_value_that_was_moved_does_not_open(world: World) -> None:
    await world.secrets.put(SHOP, "API_KEY", SecretStr("hunter2"))
    world.store.kept[Place(app_scope("bank"), "API_KEY")] = world.store.kept[Place(SHOP, "API_KEY")]
    with pytest.raises(CannotOpen) as refused:
        await world.secrets.value("bank", "API_KEY")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "-a", ":a", "x" * 129, "a\n", "ключ"])
async def test_a_name_that_is_none_is_refused(world: World, name: str) -> None:
    with pytest.raises(BadInput, match="name of a secret"):
        await world.secrets.put(SHOP, name, SecretStr("x"))


async def test_a_value_has_64_kb_at_most_and_a_byte_at_least(world: World) -> None:
    await world.secrets.put(SHOP, "API_KEY", SecretStr("x" * MOST_BYTES))
    with pytest.raises(TooLarge, match="65,537 bytes"):
        await world.secrets.put(SHOP, "API_KEY", SecretStr("x" * (MOST_BYTES - 1) + "é"))
    with pytest.raises(BadInput, match="empty"):
        await world.secrets.put(SHOP, "API_KEY", SecretStr(""))
    assert await world.secrets.value("shop", "API_KEY") == "x" * MOST_BYTES
