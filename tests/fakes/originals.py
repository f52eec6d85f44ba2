"""Documents in memory, in the place of a bucket's objects."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import md5

from attache.documents.originals import Original


class FakeOriginals:
    """Originals whose every put is a second later than the one before."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], tuple[bytes, int]] = {}
        self._seconds = 0

    async def look(self, app: str, path: str) -> Original | None:
        found = self._objects.get((app, path))
        return _original(path, *found) if found else None

    async def read(self, app: str, original: Original) -> bytes | None:
        found = self._objects.get((app, original.path))
        return found[0] if found and _original(original.path, *found).etag == original.etag else None

    async def all(self, app: str) -> Sequence[Original]:
        return [_original(path, *found) for (owner, path), found in sorted(self._objects.items()) if owner == app]

    async def put(self, app: str, path: str, content: bytes) -> None:
        self._seconds += 1
        self._objects[app, path] = (content, self._seconds)

    async def delete(self, app: str, path: str) -> None:
        self._objects.pop((app, path), None)

    async def touch(self, app: str, path: str) -> None:
        await self.put(app, path, self._objects[app, path][0])


def _original(path: str, content: bytes, seconds: int) -> Original:
    return Original(path, len(content), md5(content, usedforsecurity=False).hexdigest(), seconds)
