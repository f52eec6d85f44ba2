"""ETags of snapshots: what a polling client has already."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from attache.sessions.entries import Call, Delivered, Entry, Sign
from attache.sessions.log import SessionLog

ANY = "*"
_IDLE = re.compile(r'"[0-9a-f]{8}-(?P<number>[0-9]{1,12})-(?P<session>[0-9a-f]{8})"', re.ASCII)
_UNSEEN = (Sign, Delivered, Call)


@dataclass(frozen=True)
class IdleTag:
    """The tag of an idle session's snapshot, and the newest entry in it."""

    etag: str
    number: int


def etag_of(log: SessionLog) -> str:
    """Made of the session's tag, its newest visible entry, its id's hash, and whether a turn runs or waits.

    The hash is there because browsers send a URL's cached tag with another session's header too.
    """
    shown = (entry.number for entry in reversed(log.entries) if not isinstance(entry.body, _UNSEEN))
    etag = f"{log.living.tag}-{next(shown, log.view.last)}-{_digest(log.session_id)}"
    return f'"{etag}-busy"' if log.view.busy else f'"{etag}"'


def holds(log: SessionLog, etags: Collection[str]) -> bool:
    """Whether one of the client's tags is that of `log`'s snapshot; `*` matches any."""
    return ANY in etags or etag_of(log) in etags


def newest_idle(etags: Collection[str], session_id: str) -> IdleTag | None:
    """The client's newest tag of an idle snapshot: it can be checked without looking for a dead runner."""
    found = [tag for etag in etags if (tag := _IDLE.fullmatch(etag)) and tag["session"] == _digest(session_id)]
    newest = max(found, key=lambda tag: int(tag["number"]), default=None)
    return IdleTag(newest[0], int(newest["number"])) if newest else None


def shows_nothing(entries: Sequence[Entry]) -> bool:
    """Whether none of these entries changes a snapshot."""
    return all(isinstance(entry.body, _UNSEEN) for entry in entries)


def _digest(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()[:8]
