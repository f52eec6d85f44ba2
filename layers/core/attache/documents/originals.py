"""The documents themselves, as they were put: an interface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Original:
    """A document as it stands there. `etag` is the MD5 of its content, where it was put in one piece; `modified` is in
    seconds since 1970.
    """

    path: str
    size: int
    etag: str
    modified: int

    @property
    def revision(self) -> str:
        """Another one whenever it was put again."""
        return f"{self.etag} {self.modified}"


class Originals(Protocol):
    """Every app's documents, below the app's name. Everything here raises Unavailable."""

    async def look(self, app: str, path: str) -> Original | None:
        """The document as it is now, None where there is none."""
        ...

    async def read(self, app: str, original: Original) -> bytes | None:
        """Its content, None where another one is there by now."""
        ...

    async def all(self, app: str) -> Sequence[Original]:
        """By path."""
        ...

    async def put(self, app: str, path: str, content: bytes) -> None: ...

    async def delete(self, app: str, path: str) -> None: ...

    async def touch(self, app: str, path: str) -> None:
        """Put it again as it is, so that it is read again."""
        ...
