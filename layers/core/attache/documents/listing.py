"""An app's documents, as its operator sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from attache.documents.originals import Original, Originals
from attache.documents.records import DocumentRecord, DocumentRecords

State = Literal["indexed", "failed", "waiting", "going"]


@dataclass(frozen=True)
class Listed:
    """A document. `waiting`: its current version has not been read yet; `going`: deleted, but may still be found.

    `why`: what is wrong, or empty. `passages`: how many are found now. `at`: when it was last read, in milliseconds
    since 1970.
    """

    path: str
    state: State
    size: int | None
    passages: int = 0
    why: str = ""
    at: int | None = None


async def listed(originals: Originals, records: DocumentRecords, app: str) -> Sequence[Listed]:
    """All documents of an app, by path. Raises Unavailable."""
    there = {original.path: original for original in await originals.all(app)}
    known = {record.path: record for record in await records.all(app)}
    return [_listed(path, there.get(path), known.get(path)) for path in sorted(there.keys() | known.keys())]


def _listed(path: str, original: Original | None, record: DocumentRecord | None) -> Listed:
    size = original.size if original else None
    if record is None or record.state == "gone":
        return Listed(path, "waiting", size)
    if original is None:
        return Listed(path, "going", size, record.passages, at=record.at)
    if record.revision != original.revision:
        return Listed(path, "waiting", size, record.passages, at=record.at)
    return Listed(
        path, "indexed" if record.state == "indexed" else "failed", size, record.passages, record.why, record.at
    )
