"""What became of each document: which run of its passages is served, or why there is none.

A record gives way only to one of a later run, and passages of a run are dropped only when a later one is on record. So
workers that meet at one document cannot drop what will be served.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True)
class DocumentRecord:
    """A document as it was last read. `revision` names the object that was read; `at` is in milliseconds since 1970.

    `run` is the one whose passages are served; with another state than `indexed` it has none. `space` is that of their
    vectors, None if they have none. `why` says what is wrong: with `failed`, why nothing is served; with `indexed`,
    what is missing. `given_up` has failed as well, but another try may not. `gone`: there was no object; kept for a
    while, so that nobody brings back what was deleted.
    """

    path: str
    revision: str
    state: Literal["indexed", "failed", "given_up", "gone"]
    at: int
    run: str
    passages: int = 0
    space: str | None = None
    why: str = ""


class DocumentRecords(Protocol):
    """The records, by app and path. Everything here raises Unavailable."""

    async def get(self, app: str, path: str) -> DocumentRecord | None: ...

    async def put(self, app: str, record: DocumentRecord) -> bool:
        """Whether it is on record now; not if that of a later run is."""
        ...

    async def all(self, app: str) -> Sequence[DocumentRecord]:
        """Those of documents that are not gone, by path."""
        ...


def run_after(record: DocumentRecord | None, now: int) -> str:
    """A new run: it sorts behind that of the record, and by time (ms) behind most others."""
    earliest = int(record.run[:12], 16) + 1 if record else 0
    return f"{max(now, earliest):012x}{secrets.token_hex(4)}"
