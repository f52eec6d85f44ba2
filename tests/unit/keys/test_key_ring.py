"""Rotating keys: the new one is like the old one, which ends after the overlap."""

from __future__ import annotations

import pytest

from attache.errors import BadInput, Unauthenticated
from attache.keys import KeyRing, Keys
from tests.fakes.clock import FakeClock
from tests.fakes.key_store import FakeKeyStore

HOUR = 3_600_000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store() -> FakeKeyStore:
    return FakeKeyStore()


@pytest.fixture
def ring(store: FakeKeyStore, clock: FakeClock) -> KeyRing:
    return KeyRing(store, clock)


async def test_both_keys_work_during_the_overlap(ring: KeyRing, store: FakeKeyStore, clock: FakeClock) -> None:
    old = await ring.create(["shop"], "prod")
    new, ending = await ring.rotate(old.record.prefix, 24 * HOUR)
    assert (new.record.apps, new.record.label, new.record.expires) == (("shop",), "prod", None)
    assert ending.expires == clock.now() + 24 * HOUR
    clock.forward(24 * 3600 - 1)
    for issued in (old, new):
        assert await Keys(store, clock).authorize(issued.key, "shop")
    clock.forward(1)
    assert await Keys(store, clock).authorize(new.key, "shop")
    with pytest.raises(Unauthenticated):
        await Keys(store, clock).authorize(old.key, "shop")


async def test_the_new_key_lives_as_long_as_the_old_one_was_to(ring: KeyRing, clock: FakeClock) -> None:
    old = await ring.create(["shop"], "", lifetime=100 * HOUR)
    clock.forward(99 * 3600)
    new, ending = await ring.rotate(old.key, 24 * HOUR)
    assert new.record.expires == clock.now() + 100 * HOUR
    assert ending.expires == old.record.expires, "an overlap makes no life longer"


async def test_what_is_revoked_or_expired_is_not_rotated(ring: KeyRing, clock: FakeClock) -> None:
    revoked, expired = await ring.create(["shop"], ""), await ring.create(["shop"], "", lifetime=HOUR)
    await ring.revoke(revoked.key)
    clock.forward(3600)
    for issued in (revoked, expired):
        with pytest.raises(BadInput, match="create a new one"):
            await ring.rotate(issued.record.id, HOUR)
    assert len(await ring.all()) == 2


async def test_revoking_twice_keeps_the_first_time(ring: KeyRing, store: FakeKeyStore, clock: FakeClock) -> None:
    issued = await ring.create(["shop"], "")
    first = clock.now()
    await ring.revoke(issued.key)
    clock.forward(1)
    await ring.revoke(issued.key)
    assert store.records[issued.record.id].revoked == first
