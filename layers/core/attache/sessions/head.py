"""What is true of a session as a whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

from attache.sessions.entries import Body, Deleted, Sign, Text

NEW_TITLE, UNTITLED = "New chat", "default"
DAY = 86_400
_ID = re.compile(r"(?P<tag>[0-9a-f]{8})-(?P<number>[0-9]{1,12})(-[\w-]+)?", re.ASCII)


@dataclass(frozen=True)
class Lifetime:
    """How long entries are kept, in seconds; pieces and signs, which steps make superfluous, for `passing`.

    The head outlives the entries: it knows the last number. A tombstone does, too: should the purge never come, what
    it hides does not come back.
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

    `tag` (8 hex digits) begins every id of this session; `born` is its first entry's number: what stands below belongs
    to an earlier session of the same id. `last` and `updated` follow at the end of turns. Times are milliseconds.
    `title_by`: who gave the title, `default` where nobody did. `days`: how long its app keeps entries.
    `owner`: whose it is in which app, where the wallet was proven (`owner_name`). `gist`: what it is about, in some
    words, made at `gist_at`.
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
        """How long what is written to this session is kept."""
        return Lifetime(self.days * DAY)

    def id_of(self, number: int) -> str:
        """The id of an entry, as clients see it: for events, messages and turns alike."""
        return f"{self.tag}-{number}"

    def id_of_result(self, number: int, call_id: str) -> str:
        """The id of the message that shows a call's result: an entry may bring several."""
        return f"{self.id_of(number)}-{call_id}"

    def number_of(self, event_id: str) -> int | None:
        """The number in an id of this session; None for one that is foreign, older or no id at all."""
        found = _ID.fullmatch(event_id)
        return int(found["number"]) if found and found["tag"] == self.tag else None


def owner_name(wallet: str, app: str | None) -> str:
    """Under which a wallet's proven sessions in one app are found; no app's name has a `#` in it."""
    return f"{wallet}#{app or ''}"


@dataclass(frozen=True)
class Gist:
    """What a session is about; `at` is when that was said, in milliseconds, and it is kept as long as what was said."""

    text: str
    at: int


@dataclass(frozen=True)
class Listed:
    """A session in a list of a wallet's sessions."""

    session_id: str
    title: str
    archived: bool


@dataclass(frozen=True)
class Noted:
    """A session as the other sessions of its owner know it; `created` is in milliseconds."""

    session_id: str
    title: str
    created: int
    gist: str | None = None
