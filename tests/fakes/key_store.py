"""Keys in memory."""

from __future__ import annotations

from dataclasses import replace

from attache.errors import Conflict, NotFound
from attache.keys import KeyRecord


class FakeKeyStore:
    """The KeyStore of a test. `reads` counts what `find` was asked; `failing` is raised instead of noting a use."""

    def __init__(self) -> None:
        self.records: dict[str, KeyRecord] = {}
        self.reads = 0
        self.failing: Exception | None = None

    async def add(self, record: KeyRecord) -> None:
        self.records[record.id] = record

    async def find(self, key_id: str) -> KeyRecord | None:
        self.reads += 1
        return self.records.get(key_id)

    async def all(self) -> list[KeyRecord]:
        return sorted(self.records.values(), key=lambda record: (record.created, record.id))

    async def revoke(self, key_id: str, at: int) -> None:
        if key_id not in self.records:
            raise NotFound("There is no such key.")
        record = self.records[key_id]
        self.records[key_id] = replace(record, revoked=record.revoked or at)

    async def replace(self, key_id: str, expires: int, record: KeyRecord) -> None:
        old = self.records.get(key_id)
        if old is None or old.revoked is not None:
            raise Conflict("The key was revoked or removed meanwhile.")
        self.records |= {key_id: replace(old, expires=expires), record.id: record}

    async def used(self, key_id: str, at: int, unless_after: int) -> None:
        if self.failing:
            raise self.failing
        record = self.records.get(key_id)
        if record is not None and (record.last_used is None or record.last_used <= unless_after):
            self.records[key_id] = replace(record, last_used=at)
