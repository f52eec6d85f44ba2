"""What clients give for themselves, and for whom it is."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from attache.errors import BadInput, TooLarge
from attache.secrets import ClientSecrets, ProviderKey, Secrets, app_scope, client_scope
from attache.secrets.secrets import MOST_BYTES
from tests.fakes.clock import FakeClock
from tests.fakes.secret_store import FakeSealer, FakeSecretStore

KEY = "sk-ant-api03-0123456789012345"


class World:
    def __init__(self) -> None:
        self.store = FakeSecretStore()
        self.secrets = Secrets(self.store, FakeSealer(), FakeClock())
        self.clients = ClientSecrets(self.secrets, ("anthropic", "openai"))

    async def put(self, name: str, value: str, apps: tuple[str, ...] | None = None, client_id: str = "alice") -> str:
        return (await self.clients.put(client_id, {name: SecretStr(value)}, apps))[name]


@pytest.fixture
def world() -> World:
    return World()


async def test_a_handle_is_all_that_comes_back(world: World) -> None:
    assert await world.put("API_KEY", "hunter2") == "$SECRET:API_KEY"
    assert await world.secrets.value("shop", "API_KEY", "alice") == "hunter2"
    assert await world.secrets.value("shop", "API_KEY", "bob") is None


async def test_what_is_for_some_apps_serves_no_other(world: World) -> None:
    await world.secrets.put(app_scope("bank"), "API_KEY", SecretStr("the bank's"))
    await world.put("API_KEY", "hunter2", ("shop", "shop-staging"))
    for app, value in {"shop": "hunter2", "shop-staging": "hunter2", "bank": "the bank's", "other": None}.items():
        assert await world.secrets.value(app, "API_KEY", "alice") == value
    await world.put("API_KEY", "for all")
    assert await world.secrets.value("bank", "API_KEY", "alice") == "for all"


async def test_client_ids_are_not_stored(world: World) -> None:
    await world.put("API_KEY", "hunter2")
    [place] = world.store.kept
    assert "alice" not in place.scope
    assert client_scope("alice") != client_scope("alicf")


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({}, BadInput),
        ({f"N{number}": "x" for number in range(51)}, BadInput),
        ({"GOOD": "x", "not good": "x"}, BadInput),
        ({"GOOD": "x", "EMPTY": ""}, BadInput),
        ({"GOOD": "x", "LONG": "x" * (MOST_BYTES + 1)}, TooLarge),
        ({"GOOD": "x", "PROVIDER_KEY:nobody": KEY}, BadInput),
        ({"GOOD": "x", "PROVIDER_KEY:openai": "two words"}, BadInput),
        ({"GOOD": "x", "PROVIDER_KEY:openai": "schlüssel"}, BadInput),
        ({"GOOD": "x", "PROVIDER_KEY:openai": "line\nbreak"}, BadInput),
        ({"GOOD": "x", "PROVIDER_KEY:openai": " "}, BadInput),
    ],
)
async def test_nothing_is_kept_where_one_is_refused(world: World, values: dict[str, str], error: type) -> None:
    with pytest.raises(error) as refused:
        await world.clients.put("alice", {name: SecretStr(value) for name, value in values.items()})
    assert not world.store.kept
    assert KEY not in str(refused.value)


async def test_deleting_one_and_all(world: World) -> None:
    for name in ("A", "B", "C", "PROVIDER_KEY:openai"):
        await world.put(name, KEY)
    await world.put("A", "bob's", client_id="bob")
    assert [await world.clients.delete("alice", "A"), await world.clients.delete("alice", "A")] == [True, False]
    await world.clients.clear("alice")
    assert [await world.secrets.value("shop", name, "alice") for name in "ABC"] == [None] * 3
    assert await world.clients.keys("alice") == []
    assert await world.secrets.value("shop", "A", "bob") == "bob's"


async def test_a_provider_key_is_the_same_by_either_way(world: World) -> None:
    shown = await world.clients.put_key("alice", "OpenAI", SecretStr(f" {KEY}\n"), "mine")
    assert shown == ProviderKey("openai", "sk-ant-", "mine", is_active=True)
    assert await world.clients.keys("alice") == [shown]
    assert await world.clients.provider_key("alice", "openai") == KEY
    assert await world.put("PROVIDER_KEY:OPENAI", "sk-another-0123456789", ("shop",)) == "$SECRET:PROVIDER_KEY:OPENAI"
    assert await world.clients.keys("alice") == [ProviderKey("openai", "sk-an")]
    assert await world.clients.provider_key("alice", "openai") == "sk-another-0123456789"
    assert await world.clients.provider_key("alice", "anthropic") is None
    assert await world.clients.provider_key("bob", "openai") is None
    assert await world.clients.delete("alice", "PROVIDER_KEY:OpenAI")
    assert not await world.clients.delete_key("alice", "openai")
    assert await world.clients.provider_key("alice", "openai") is None


@pytest.mark.parametrize(("key", "shown"), [("x" * 100, 8), ("x" * 20, 5), ("x" * 4, 1), ("xxx", 0)])
async def test_no_more_than_a_quarter_of_a_key_is_shown(world: World, key: str, shown: int) -> None:
    assert (await world.clients.put_key("alice", "openai", SecretStr(key), None)).key_prefix == "x" * shown


async def test_a_label_is_short(world: World) -> None:
    with pytest.raises(BadInput, match="label"):
        await world.clients.put_key("alice", "openai", SecretStr(KEY), "x" * 101)
