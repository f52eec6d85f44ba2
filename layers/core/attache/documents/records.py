"""What became of each document: which run of its passages is served, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True)
class DocumentRecord:
    """A document as it was last read. `revision` names the object that was read; `at` is in milliseconds since 1970.

    `run` is the one whose passages are served, `space` that of their vectors, None where they have none. `why` says
    what is wrong: with `failed`, why nothing is served; with `indexed`, what is missing.
    """

    path: str
    revision: str
    state: Literal["indexed", "failed"]
    at: int
    run: str | None = None
    passages: int = 0
    space: str | None = None
    why: str = ""


class DocumentRecords(Protocol):
    """The records, by app and path. Everything here raises Unavailable."""

    async def get(self, app: str, path: str) -> DocumentRecord | None: ...

    async def put(self, app: str, record: DocumentRecord) -> None: ...

    async def remove(self, app: str, path: str) -> None: ...

    async def all(self, app: str) -> Sequence[DocumentRecord]:
        """By path."""
        ...
