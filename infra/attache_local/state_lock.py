"""Allowing only one stack per folder."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attache_local.errors import LocalStackError


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock, which ends with this process at the latest. Raises LocalStackError if another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalStackError(f"another local stack runs on {path.parent}: stop that one first") from None
        yield
