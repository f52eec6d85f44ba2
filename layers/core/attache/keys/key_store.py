"""Storage of app keys, as an interface."""

from __future__ import annotations

from typing import Protocol

from attache.keys.key import KeyRecord


class KeyStore(Protocol):
    """The records of all keys, by id. Every method raises Unavailable if the store does not answer."""

    async def add(self, record: KeyRecord) -> None:
        """Store a new key."""
        ...

    async def find(self, key_id: str) -> KeyRecord | None:
        """The current key; a revocation is seen at once."""
        ...

    async def all(self) -> list[KeyRecord]:
        """Every key, oldest first; a change of the last second may be missing."""
        ...

    async def revoke(self, key_id: str, at: int) -> None:
        """Revoke a key; a key that was revoked before keeps its time. Raises NotFound."""
        ...

    async def replace(self, key_id: str, expires: int, record: KeyRecord) -> None:
        """Add `record` and let the old key end at `expires`, both or neither.

        Raises Conflict if the old key is revoked or gone.
        """
        ...

    async def used(self, key_id: str, at: int, unless_after: int) -> None:
        """Note that a key was used at `at`, unless a use after `unless_after` is noted or the key is gone."""
        ...
