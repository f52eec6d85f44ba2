"""What a prompt says about earlier conversations of the same wallet in the same app; only for proven wallets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from itertools import accumulate

from attache.cache import TimedCache
from attache.clock import Clock, rfc3339
from attache.errors import Unavailable
from attache.sessions.head import NEW_TITLE, Noted
from attache.sessions.table import SessionTable
from attache.turns.titles import plain

logger = logging.getLogger(__name__)

MOST = 5
MOST_BYTES = 4_000
PREFETCHED_SECONDS = 30  # from the append that it is read beside, to the prompt
MOST_PREFETCHED = 1_000
_NO_TAGS = str.maketrans("<>", "‹›")


class Earlier:
    """Notes about earlier conversations, for prompts. What is prefetched is read once, and used for one turn."""

    def __init__(self, table: SessionTable, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._prefetched: TimedCache[tuple[str, str], str] = TimedCache(clock, PREFETCHED_SECONDS, MOST_PREFETCHED)

    async def prefetch(self, session_id: str, owner: str | None) -> None:
        """Read the notes for the next turn of this owner's session; does nothing without an owner."""
        if owner is not None and not self._prefetched.get((session_id, owner)):
            asked = self._clock.now()
            self._prefetched.put((session_id, owner), await self._read(session_id, owner), asked)

    async def notes(self, session_id: str, owner: str | None) -> str:
        """The notes for a turn; empty without an owner, or without other sessions. Never fails."""
        if owner is None:
            return ""
        prefetched = self._prefetched.get((session_id, owner))
        self._prefetched.drop((session_id, owner))
        return prefetched.value if prefetched else await self._read(session_id, owner)

    async def _read(self, session_id: str, owner: str) -> str:
        try:
            sessions = await self._table.of_owner(owner, MOST + 1)
        except Unavailable:
            logger.warning("a prompt goes without notes about earlier conversations")
            return ""
        return notes([session for session in sessions if session.session_id != session_id][:MOST])


def notes(sessions: Iterable[Noted]) -> str:
    """One line of JSON for each session that has something to say; 4 KB at most.

    Titles and gists come from users and models. They are JSON strings without line breaks and angle brackets, so they
    cannot pass for the prompt's own text.
    """
    lines = [_line(session) for session in sessions if session.gist or session.title != NEW_TITLE]
    sizes = accumulate(len(line.encode()) + 1 for line in lines)
    shown = [line for line, size in zip(lines, sizes, strict=True) if size <= MOST_BYTES]
    return "\n".join(shown)


def _line(session: Noted) -> str:
    said = {"began": rfc3339(session.created)[:10], "title": plain(session.title)}
    about = {"about": plain(session.gist)} if session.gist else {}
    return json.dumps(said | about, ensure_ascii=False, separators=(",", ":")).translate(_NO_TAGS)
