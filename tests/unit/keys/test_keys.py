"""The check that every request with a key goes through."""

from __future__ import annotations

import asyncio
import logging

import pytest

from attache.errors import Forbidden, Unauthenticated, Unavailable
from attache.keys import KeyRing, Keys
from attache.keys.keys import FRESH_SECONDS, MOST_KEPT, UNKNOWN_SECONDS
from tests.fakes.clock import FakeClock
from tests.fakes.key_store import FakeKeyStore

HOUR = 3_600_000


class World:
    """Keys as two containers and an operator see them."""

    def __init__(self) -> None:
        self.clock, self.store = FakeClock(), FakeKeyStore()
        self.keys, self.ring = Keys(self.store, self.clock), KeyRing(self.store, self.clock)


@pytest.fixture
def world() -> World:
    return World()


async def test_a_key_is_good_for_its_apps_only(world: World) -> None:
    issued = await world.ring.create(["shop", "shop-staging"], "prod")
    for app in ("shop", "shop-staging"):
        assert await world.keys.authorize(issued.key, app) == issued.record
    with pytest.raises(Forbidden, match="'bank'"):
        await world.keys.authorize(issued.key, "bank")


@pytest.mark.parametrize("nothing", [None, ""])
async def test_an_app_needs_a_key_and_says_how_to_send_it(world: World, nothing: str | None) -> None:
    with pytest.raises(Unauthenticated, match="AOMI-APP-KEY or X-API-Key"):
        await world.keys.authorize(nothing, "shop")


async def test_the_default_app_needs_no_key_but_one_that_is_sent_is_checked(world: World) -> None:
    issued = await world.ring.create(["shop"], "")
    assert await world.keys.authorize(None, "default") is None
    assert await world.keys.authorize(issued.key, "default") == issued.record
    with pytest.raises(Unauthenticated):
        await world.keys.authorize(f"sk-{'x' * 43}", "default")


async def test_elsewhere_no_key_is_needed(world: World) -> None:
    issued = await world.ring.create(["shop"], "")
    assert await world.keys.check(None, "shop") is None
    assert await world.keys.check(issued.key) == issued.record
    with pytest.raises(Forbidden):
        await world.keys.check(issued.key, "bank")


@pytest.mark.parametrize(
    "key", ["x", "sk-", "sk-" + "x" * 42, "sk-" + "x" * 44, "sk-" + "é" * 43, "sk-" + "x" * 43 + "\n"]
)
async def test_what_has_not_the_form_of_a_key_is_never_looked_up(world: World, key: str) -> None:
    with pytest.raises(Unauthenticated):
        await world.keys.authorize(key, "shop")
    assert world.store.reads == 0


async def test_an_expired_key_is_refused_from_that_moment_though_it_is_cached(world: World) -> None:
    issued = await world.ring.create(["shop"], "", lifetime=10_000)
    await world.keys.authorize(issued.key, "shop")
    world.clock.forward(10)
    with pytest.raises(Unauthenticated, match="expired"):
        await world.keys.authorize(issued.key, "shop")
    assert world.store.reads == 1


async def test_a_warm_container_reads_a_key_once_a_minute_and_then_sees_its_revocation(world: World) -> None:
    issued = await world.ring.create(["shop"], "")
    await world.keys.authorize(issued.key, "shop")
    await world.ring.revoke(issued.record.id)
    reads = world.store.reads
    world.clock.forward(FRESH_SECONDS - 0.001)
    await world.keys.authorize(issued.key, "shop")
    assert world.store.reads == reads
    world.clock.forward(0.001)
    with pytest.raises(Unauthenticated, match="revoked"):
        await world.keys.authorize(issued.key, "shop")


async def test_a_cold_container_sees_a_revocation_at_once(world: World) -> None:
    issued = await world.ring.create(["shop"], "")
    await world.ring.revoke(issued.record.prefix)
    with pytest.raises(Unauthenticated):
        await world.keys.authorize(issued.key, "shop")


async def test_unknown_keys_are_remembered_shortly_and_push_no_known_one_out(world: World) -> None:
    issued = await world.ring.create(["shop"], "")
    await world.keys.authorize(issued.key, "shop")
    for number in range(MOST_KEPT + 1):
        with pytest.raises(Unauthenticated):
            await world.keys.authorize(f"sk-{number:043d}", "shop")
    reads = world.store.reads
    await world.keys.authorize(issued.key, "shop")
    with pytest.raises(Unauthenticated):
        await world.keys.authorize(f"sk-{MOST_KEPT:043d}", "shop")
    assert world.store.reads == reads
    world.clock.forward(UNKNOWN_SECONDS)
    with pytest.raises(Unauthenticated):
        await world.keys.authorize(f"sk-{MOST_KEPT:043d}", "shop")
    assert world.store.reads == reads + 1


async def test_a_use_is_noted_at_most_once_a_minute(world: World) -> None:
    issued = await world.ring.create(["shop"], "")
    other = Keys(world.store, world.clock)
    noted = []
    for keys in (world.keys, other, world.keys, world.keys):
        await keys.authorize(issued.key, "shop")
        await keys.settle()
        noted.append((world.store.records[issued.record.id].last_used or 0) - issued.record.created)
        world.clock.forward(30)
    assert noted == [0, 0, 60_000, 60_000]


async def test_noting_a_use_is_waited_for_by_settle_alone(world: World) -> None:
    issued = await world.ring.create(["shop"], "")
    await world.keys.authorize(issued.key, "shop")
    assert world.store.records[issued.record.id].last_used is None
    await world.keys.settle()
    assert world.store.records[issued.record.id].last_used == world.clock.now()


@pytest.mark.parametrize("failure", [Unavailable("away"), RuntimeError("broken")])
async def test_a_use_that_cannot_be_noted_refuses_nobody(
    world: World, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    issued = await world.ring.create(["shop"], "")
    world.store.failing = failure
    with caplog.at_level(logging.WARNING):
        assert await world.keys.authorize(issued.key, "shop")
        await world.keys.settle()
        await asyncio.sleep(0)
    assert f"The use of key {issued.record.prefix}… was not noted" in caplog.text
    assert issued.key not in caplog.text
