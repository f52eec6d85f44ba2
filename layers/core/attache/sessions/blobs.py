"""Texts that are too long for an entry, stored beside the log."""

from __future__ import annotations

from typing import Protocol


class Blobs(Protocol):
    """Stores texts under a prefix per session; `tag` separates sessions of one id. Every method raises Unavailable."""

    async def put(self, session_id: str, tag: str, name: str, text: str) -> None: ...

    async def get(self, session_id: str, tag: str, name: str) -> str | None:
        """The text, or None if it was removed."""
        ...

    async def purge(self, session_id: str, tag: str) -> None:
        """Remove every text of one session."""
        ...
