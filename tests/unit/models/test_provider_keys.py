from __future__ import annotations

import pytest

from attache.errors import Unavailable
from attache.models.provider_keys import FRESH_SECONDS, MISSING_SECONDS, KnownProviders, ProviderKeys
from tests.fakes.clock import FakeClock
from tests.fakes.provider_keys import FakeProviderKeyStore


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store() -> FakeProviderKeyStore:
    return FakeProviderKeyStore({"openai": "sk-1"})


async def test_a_key_is_read_once_and_again_when_it_is_no_longer_fresh(
    store: FakeProviderKeyStore, clock: FakeClock
) -> None:
    keys = ProviderKeys(store, clock)
    assert [await keys.of("openai"), await keys.of("openai")] == ["sk-1", "sk-1"]
    assert store.reads == ["openai"]
    store.keys["openai"] = "sk-2"
    clock.forward(FRESH_SECONDS - 1)
    assert await keys.of("openai") == "sk-1"
    clock.forward(1)
    assert await keys.of("openai") == "sk-2"


async def test_a_key_that_was_just_set_is_seen_in_a_moment(store: FakeProviderKeyStore, clock: FakeClock) -> None:
    keys = ProviderKeys(store, clock)
    assert [await keys.of("anthropic"), await keys.of("anthropic")] == [None, None]
    assert store.reads == ["anthropic"]
    store.keys["anthropic"] = "sk-a"
    clock.forward(MISSING_SECONDS)
    assert await keys.of("anthropic") == "sk-a"


async def test_a_key_that_was_deleted_is_used_no_longer(store: FakeProviderKeyStore, clock: FakeClock) -> None:
    keys = ProviderKeys(store, clock)
    await keys.of("openai")
    del store.keys["openai"]
    clock.forward(FRESH_SECONDS)
    assert await keys.of("openai") is None
    store.down = True
    clock.forward(MISSING_SECONDS)
    with pytest.raises(Unavailable):
        await keys.of("openai")


async def test_while_the_store_is_down_the_last_key_still_counts(store: FakeProviderKeyStore, clock: FakeClock) -> None:
    keys = ProviderKeys(store, clock)
    await keys.of("openai")
    store.down = True
    clock.forward(FRESH_SECONDS * 10)
    assert await keys.of("openai") == "sk-1"
    with pytest.raises(Unavailable):
        await keys.of("anthropic")


async def test_where_a_key_was_refused_only_another_one_is_worth_a_try(
    store: FakeProviderKeyStore, clock: FakeClock
) -> None:
    keys = ProviderKeys(store, clock)
    await keys.of("openai")
    assert await keys.other_than("openai", "sk-1") is None
    store.keys["openai"] = "sk-2"
    assert await keys.other_than("openai", "sk-1") == "sk-2"
    assert await keys.of("openai") == "sk-2"


async def test_providers_with_a_key_are_known_for_a_while(store: FakeProviderKeyStore, clock: FakeClock) -> None:
    known = KnownProviders(store, ("anthropic", "openai"), clock)
    assert await known.now() == {"openai"}
    store.keys["anthropic"] = "sk-a"
    assert await known.now() == {"openai"}
    clock.forward(FRESH_SECONDS)
    assert await known.now() == {"anthropic", "openai"}


async def test_the_first_provider_with_a_key_is_known_in_a_moment(clock: FakeClock) -> None:
    store = FakeProviderKeyStore()
    known = KnownProviders(store, ("anthropic",), clock)
    assert await known.now() == frozenset()
    store.keys["anthropic"] = "sk-a"
    clock.forward(MISSING_SECONDS)
    assert await known.now() == {"anthropic"}


async def test_nobody_fails_because_providers_are_not_known(store: FakeProviderKeyStore, clock: FakeClock) -> None:
    store.down = True
    assert await KnownProviders(store, ("openai",), clock).now() == frozenset()
