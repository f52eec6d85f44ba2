"""Operators' side of app keys: issue, list, revoke, rotate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from attache.clock import Clock
from attache.errors import BadInput
from attache.keys.key import IssuedKey, KeyRecord, key_id, looks_like_key, new_key, the_one
from attache.keys.key_store import KeyStore


class KeyRing:
    """The app keys, for their operator."""

    def __init__(self, store: KeyStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def create(self, apps: Sequence[str], label: str, lifetime: int | None = None) -> IssuedKey:
        """Issue a key for `apps`, valid for `lifetime` milliseconds or until it is revoked. Raises BadInput."""
        now = self._clock.now()
        issued = new_key(apps, label, now, None if lifetime is None else now + lifetime)
        await self._store.add(issued.record)
        return issued

    async def all(self) -> list[KeyRecord]:
        """Every key, oldest first, including expired and revoked ones."""
        return await self._store.all()

    async def revoke(self, reference: str) -> KeyRecord:
        """End a key at once (a warm container may accept it for another 60 s). Raises as `key.the_one`."""
        record = await self._meant(reference)
        await self._store.revoke(record.id, self._clock.now())
        return record

    async def rotate(self, reference: str, overlap: int) -> tuple[IssuedKey, KeyRecord]:
        """Issue a key like an old one, which ends in `overlap` milliseconds at the latest; returns both.

        The new key lives as long as the old one was to live. Raises as `key.the_one`; BadInput for a key that is not
        active, Conflict for one that is revoked meanwhile.
        """
        now, old = self._clock.now(), await self._meant(reference)
        if old.status(now) != "active":
            raise BadInput(f"The key {old.prefix}… is {old.status(now)}: create a new one instead.")
        lifetime = None if old.expires is None else old.expires - old.created
        issued = new_key(old.apps, old.label, now, None if lifetime is None else now + lifetime)
        ends = now + overlap if old.expires is None else min(old.expires, now + overlap)
        await self._store.replace(old.id, ends, issued.record)
        return issued, replace(old, expires=ends)

    async def _meant(self, reference: str) -> KeyRecord:
        if looks_like_key(reference):
            found = await self._store.find(key_id(reference))
            return the_one([found] if found else [], reference)
        return the_one(await self._store.all(), reference)
