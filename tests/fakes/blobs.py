"""Long texts in memory."""

from __future__ import annotations


class FakeBlobs:
    """`Blobs` in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, str], str] = {}

    async def put(self, session_id: str, tag: str, name: str, text: str) -> None:
        self.kept[session_id, tag, name] = text

    async def get(self, session_id: str, tag: str, name: str) -> str | None:
        return self.kept.get((session_id, tag, name))

    async def purge(self, session_id: str, tag: str) -> None:
        self.kept = {key: text for key, text in self.kept.items() if key[:2] != (session_id, tag)}
