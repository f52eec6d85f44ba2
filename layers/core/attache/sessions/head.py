"""The head: what is true of a session as a whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

from attache.sessions.entries import Body, Deleted, Sign, Text

NEW_TITLE, UNTITLED = "New chat", "default"
DAY = 86_400
_ID = re.compile(r"(?P<tag>[0-9a-f]{8})-(?P<number>[0-9]{1,12})(\.(?P<part>[0-9]{1,4})|-[\w-]+)?", re.ASCII)


@dataclass(frozen=True)
class Lifetime:
    """How long items of a session are kept, in seconds; `passing` is for pieces and signs, which steps replace.

    The head outlives the entries because it holds the last number. So does a tombstone: if the purge never comes, what
    it hides must not reappear.
    """

    entries: int
    passing: int = DAY

    @property
    def head(self) -> int:
        return self.entries + 7 * DAY

    def of(self, body: Body) -> int:
        match body:
            case Text() | Sign():
                return self.passing
            case Deleted():
                return self.head
        return self.entries


@dataclass(frozen=True)
class Head:
    """A session's `META#HEAD`: written with its first entry, changed only together with an entry.

    Times are milliseconds.
    `tag`: 8 hex digits that begin every id of this session. `born`: number of its first entry; lower ones belong to an
    earlier session of the same id.
    `last`, `updated`: written at the end of each turn. `days`: how long entries are kept.
    `title_by`: who gave the title, `default` if nobody did. `gist`: what it is about, written at `gist_at`.
    `owner`: wallet and app, if the wallet was proven (`owner_name`).
    """

    session_id: str
    tag: str
    born: int
    last: int
    created: int
    updated: int
    title: str = NEW_TITLE
    title_by: str = UNTITLED
    archived: bool = False
    app: str | None = None
    wallet: str | None = None
    model: str | None = None
    client_id: str | None = None
    owner: str | None = None
    gist: str | None = None
    gist_at: int | None = None
    days: int = 90

    @property
    def lifetime(self) -> Lifetime:
        """How long items of this session are kept."""
        return Lifetime(self.days * DAY)

    def id_of(self, number: int) -> str:
        """The public id of an entry, used for events, messages and turns."""
        return f"{self.tag}-{number}"

    def id_within(self, number: int, part: int) -> str:
        """The id of the first `part` events of entry `number`, which has more; it counts from the entry before."""
        return f"{self.id_of(number - 1)}.{part}"

    def id_of_result(self, number: int, call_id: str) -> str:
        """The id of the message with a call's result: one entry may contain several results."""
        return f"{self.id_of(number)}-{call_id}"

    def number_of(self, event_id: str) -> int | None:
        """The number in an id of this session; None for another session's id and for anything else."""
        found = _ID.fullmatch(event_id)
        return int(found["number"]) if found and found["tag"] == self.tag else None

    def part_of(self, event_id: str) -> int:
        """How many events of the next entry came before this id, too (`id_within`)."""
        found = _ID.fullmatch(event_id)
        return int(found["part"] or 0) if found and found["tag"] == self.tag else 0


def owner_name(wallet: str, app: str | None) -> str:
    """The key of a wallet's proven sessions in one app; app names contain no `#`."""
    return f"{wallet}#{app or ''}"


@dataclass(frozen=True)
class Gist:
    """What a session is about; `at` (ms) is when that was said. A gist expires with what it is about."""

    text: str
    at: int


@dataclass(frozen=True)
class Listed:
    """A session in the list of a wallet's sessions."""

    session_id: str
    title: str
    archived: bool


@dataclass(frozen=True)
class Noted:
    """A session as its owner's other sessions see it; `created` is in milliseconds."""

    session_id: str
    title: str
    created: int
    gist: str | None = None
