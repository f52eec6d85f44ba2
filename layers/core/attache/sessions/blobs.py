"""Texts that are too long for an entry, kept beside the log."""

from __future__ import annotations

from typing import Protocol


class Blobs(Protocol):
    """One prefix a session; `tag` tells sessions of one id apart. Every method raises Unavailable."""

    async def put(self, session_id: str, tag: str, name: str, text: str) -> None: ...

    async def get(self, session_id: str, tag: str, name: str) -> str | None:
        """None where there is none any more."""
        ...

    async def purge(self, session_id: str, tag: str) -> None:
        """Remove all of one session."""
        ...
