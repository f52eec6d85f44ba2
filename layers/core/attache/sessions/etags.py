"""ETags of snapshots: what a poll says that its client has already."""

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
    """The tag of a snapshot of an idle session, and the newest entry that the snapshot shows."""

    etag: str
    number: int


def etag_of(log: SessionLog) -> str:
    """The session's tag, the newest entry that shows, and whether anything runs or waits.

    The session is in it as well: for another session a browser sends the tag that it kept under the same URL.
    """
    shown = (entry.number for entry in reversed(log.entries) if not isinstance(entry.body, _UNSEEN))
    etag = f"{log.living.tag}-{next(shown, log.view.last)}-{_digest(log.session_id)}"
    return f'"{etag}-busy"' if log.view.busy else f'"{etag}"'


def holds(log: SessionLog, etags: Collection[str]) -> bool:
    """Whether one of the client's tags is that of what `log` knows; `*` is any."""
    return ANY in etags or etag_of(log) in etags


def newest_idle(etags: Collection[str], session_id: str) -> IdleTag | None:
    """The only one of the client's tags that may hold without anybody having to look whether a runner lives."""
    found = [tag for etag in etags if (tag := _IDLE.fullmatch(etag)) and tag["session"] == _digest(session_id)]
    newest = max(found, key=lambda tag: int(tag["number"]), default=None)
    return IdleTag(newest[0], int(newest["number"])) if newest else None


def shows_nothing(entries: Sequence[Entry]) -> bool:
    """Whether a snapshot is the same with these as without."""
    return all(isinstance(entry.body, _UNSEEN) for entry in entries)


def _digest(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()[:8]
