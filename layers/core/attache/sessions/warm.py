"""Sessions that a warm container remembers, so that it need only read what is newer."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from attache.clock import Clock
from attache.sessions.known import Known

MOST_OF_SESSION = 2_500_000  # characters of one session: enough for the largest snapshot
MOST_WEIGHT = 32_000_000  # characters of all sessions together
KEPT = 600_000  # milliseconds


@dataclass(frozen=True)
class _Kept:
    known: Known
    weight: int
    until: int


class WarmSessions:
    """A cache that drops the least recently used sessions first. It may be stale: a log reads what is newer."""

    def __init__(self, clock: Clock, most_weight: int = MOST_WEIGHT) -> None:
        self._clock = clock
        self._most = most_weight
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._weight = 0

    def get(self, session_id: str) -> Known | None:
        """What is remembered, unless it is so old that a tombstone written since may have been removed."""
        found = self._kept.get(session_id)
        if found is None or found.until < self._clock.now():
            return None
        self._kept.move_to_end(session_id)
        return found.known

    def keep(self, session_id: str, known: Known) -> None:
        older = self._kept.get(session_id)
        if older is not None and older.known.view.last > known.view.last:
            return
        self.forget(session_id)
        known, weight = _trimmed(known)
        self._kept[session_id] = _Kept(known, weight, self._clock.now() + KEPT)
        self._weight += weight
        while self._weight > self._most:
            self.forget(next(iter(self._kept)))

    def forget(self, session_id: str) -> None:
        if session_id in self._kept:
            self._weight -= self._kept.pop(session_id).weight


def _trimmed(known: Known) -> tuple[Known, int]:
    """Its newest part, and its weight."""
    weight = sum(entry.weight for entry in known.entries)
    dropped = 0
    while weight > MOST_OF_SESSION:
        weight -= known.entries[dropped].weight
        dropped += 1
    return (replace(known, entries=known.entries[dropped:], complete=False) if dropped else known), weight
