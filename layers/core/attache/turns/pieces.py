"""When to store the running answer: every half second at first, then every second (session-log.md)."""

from __future__ import annotations

from attache.turns.timings import Timings

MOST_CHARACTERS = 60_000  # of one piece: well inside an item, whatever the language


class Unstored:
    """Text of the running answer that no entry holds yet. Times are milliseconds."""

    def __init__(self, timings: Timings) -> None:
        self._timings = timings
        self._began: int | None = None
        self._flushed = 0
        self.text = ""

    def add(self, text: str, now: int) -> None:
        if self._began is None:
            self._began = self._flushed = now
        self.text += text

    def due(self, now: int) -> bool:
        """Whether the text should be stored now."""
        if not self.text or self._began is None:
            return False
        early = now - self._began < self._timings.first_while * 1000
        apart = self._timings.first_flushes if early else self._timings.later_flushes
        return now - self._flushed >= apart * 1000 or len(self.text) > MOST_CHARACTERS

    def stored(self, now: int) -> None:
        self.text, self._flushed = "", now
