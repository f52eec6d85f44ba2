"""ETags of snapshots: what a polling client has already."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from attache.sessions.entries import Call, Delivered, Entry, Sign
from attache.sessions.log import SessionLog

ANY = "*"
_TAG = re.compile(
    r'"[0-9a-f]{8}-(?P<number>[0-9]{1,12})-(?P<session>[0-9a-f]{8})-(?P<until>[0-9a-f]{1,10})(?P<busy>-busy)?"',
    re.ASCII,
)
_UNSEEN = (Sign, Delivered, Call)


@dataclass(frozen=True)
class Held:
    """A client's tag of a snapshot, the newest entry in it, and whether a turn ran or waited then.

    `until`: when that entry expires, in seconds since 1970. Nothing can be said of the tag alone from then on: the
    session may be gone, and another one of its id may have begun its numbers anew.
    """

    etag: str
    number: int
    busy: bool
    until: int

    @property
    def after(self) -> int:
        """Entries after this number are needed to say whether the tag holds; a running turn's newest one dates it."""
        return self.number - 1 if self.busy else self.number

    def holds(self, entries: Sequence[Entry], alive: int) -> bool:
        """Whether the tag holds, by all entries after `after`.

        Not if a turn goes on that has shown no sign of life since `alive` (ms): somebody must look after it.
        """
        if not _shows_nothing(entry for entry in entries if entry.number > self.number):
            return False
        return not self.busy or (bool(entries) and entries[0].number == self.number and entries[-1].at >= alive)


def etag_of(log: SessionLog) -> str:
    """Made of the session's tag, its newest visible entry, its id's hash, that entry's expiry, and whether it is busy.

    The hash is there because browsers send a URL's cached tag with another session's header too.
    """
    shown = ((entry.number, entry.at) for entry in reversed(log.entries) if not isinstance(entry.body, _UNSEEN))
    number, at = next(shown, (log.view.last, log.living.updated))
    until = at // 1000 + log.living.lifetime.entries
    etag = f"{log.living.tag}-{number}-{_digest(log.session_id)}-{until:x}"
    return f'"{etag}-busy"' if log.view.busy else f'"{etag}"'


def holds(log: SessionLog, etags: Collection[str]) -> bool:
    """Whether one of the client's tags is that of `log`'s snapshot; `*` matches any."""
    return ANY in etags or etag_of(log) in etags


def newest_held(etags: Collection[str], session_id: str) -> Held | None:
    """The client's newest tag of this session, which can be checked without knowing the session."""
    found = [tag for etag in etags if (tag := _TAG.fullmatch(etag)) and tag["session"] == _digest(session_id)]
    newest = max(found, key=lambda tag: int(tag["number"]), default=None)
    if newest is None:
        return None
    return Held(newest[0], int(newest["number"]), newest["busy"] is not None, int(newest["until"], 16))


def _shows_nothing(entries: Iterable[Entry]) -> bool:
    """Whether none of these entries changes a snapshot."""
    return all(isinstance(entry.body, _UNSEEN) for entry in entries)


def _digest(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()[:8]
