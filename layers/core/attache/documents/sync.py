"""A folder's documents brought to the bucket: what is new or changed is put, what is gone is deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path

from attache.documents.originals import Originals

AT_ONCE = 8


@dataclass(frozen=True)
class Synced:
    """What was done, by path; `same` is how many were there already."""

    put: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    same: int = 0


async def sync(originals: Originals, app: str, files: Mapping[str, Path]) -> Synced:
    """Make the app's documents those `files`, by path. Raises Unavailable, and OSError for a file that went away."""
    there = {original.path: original.etag for original in await originals.all(app)}
    put = [path for path, file in files.items() if there.get(path) != await asyncio.to_thread(_etag, file)]
    gone = sorted(there.keys() - files.keys())
    for part in _parts(put):
        await asyncio.gather(*(_put(originals, app, path, files[path]) for path in part))
    for part in _parts(gone):
        await asyncio.gather(*(originals.delete(app, path) for path in part))
    return Synced(tuple(put), tuple(gone), len(files) - len(put))


async def _put(originals: Originals, app: str, path: str, file: Path) -> None:
    await originals.put(app, path, await asyncio.to_thread(file.read_bytes))


def _etag(file: Path) -> str:
    """What S3 calls an object that was put in one piece (not where KMS encrypts it: then it is put again)."""
    return md5(file.read_bytes(), usedforsecurity=False).hexdigest()


def _parts(paths: Sequence[str]) -> Sequence[Sequence[str]]:
    return [paths[start : start + AT_ONCE] for start in range(0, len(paths), AT_ONCE)]
