"""Records of documents in memory."""

from __future__ import annotations

from collections.abc import Sequence

from attache.documents.records import DocumentRecord


class FakeDocumentRecords:
    def __init__(self) -> None:
        self._records: dict[tuple[str, str], DocumentRecord] = {}

    async def get(self, app: str, path: str) -> DocumentRecord | None:
        return self._records.get((app, path))

    async def put(self, app: str, record: DocumentRecord) -> bool:
        there = self._records.get((app, record.path))
        if there is not None and there.run >= record.run:
            return False
        self._records[app, record.path] = record
        return True

    async def all(self, app: str) -> Sequence[DocumentRecord]:
        mine = [record for (owner, _), record in sorted(self._records.items()) if owner == app]
        return [record for record in mine if record.state != "gone"]
