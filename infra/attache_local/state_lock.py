"""Allowing only one stack per folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from attache_local.errors import LocalStackError


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock, which ends with this process at the latest.

    Raises LocalStackError if another process holds it, or the folder cannot be written.
    """
    with _opened(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = f"another local stack runs on {path.parent} (process {path.read_text() or 'unknown'})"
            raise LocalStackError(f"{other}: stop that one first") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _opened(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a")
    except OSError as error:
        why = f"{path.parent} cannot be written ({error.strerror})"
        raise LocalStackError(f"{why}: it must be a folder of yours; remove it to begin anew") from None
