"""Where sessions are kept, as the log needs it: a partition each, conditional writes, consistent reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from attache.errors import AttacheError, Unavailable
from attache.sessions.entries import Entry
from attache.sessions.head import DAY, Gist, Head, Lifetime, Listed, Noted
from attache.sessions.summary import Summary

WINDOW = 400  # entries of a page: a full window of 40 messages with their pieces (session-log.md, "Items")
FIRST_LOOK = 64  # entries: the newest turns with their pieces, or a full window whose pieces have expired
GLANCE = 12  # entries: what the end of the newest turn says


@dataclass(frozen=True)
class Reading:
    """What one read brought. `entries` ascend; `complete`: nothing is older (or between them and `after`)."""

    head: Head | None = None
    user_state: Mapping[str, Any] | None = None
    entries: tuple[Entry, ...] = ()
    complete: bool = True
    summary: Summary | None = None


@dataclass(frozen=True)
class Idempotency:
    """What an `Idempotency-Key` made: a hash of the message, and the number of its entry."""

    key: str
    digest: str
    number: int


@dataclass(frozen=True)
class Promise:
    """A key is to make this entry and no second one, in the session born at `born`; `kept` for so many seconds.

    It is a client's `Idempotency-Key`, or names the call whose outcome the entry is.
    """

    key: str
    digest: str
    born: int
    kept: int = DAY


@dataclass(frozen=True)
class NewHead:
    """This entry begins a session. `instead_of`: `born` of the earlier session whose head it replaces."""

    head: Head
    instead_of: int | None = None


@dataclass(frozen=True)
class HeadChange:
    """These attributes change with the entry, provided that the session is still the one born at `born`.

    Those in `over` must be what they are there: a read may see an entry without what was written beside it.
    """

    born: int
    values: Mapping[str, Any]
    over: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, head: Head, values: Mapping[str, Any]) -> HeadChange:
        """The change of a head as it was read."""
        return cls(head.born, values, {name: getattr(head, name) for name in values})


@dataclass(frozen=True)
class Beside:
    """What is written with an entry, in one transaction: all of it or nothing.

    `user_state` replaces `over`, and nothing else: a read may see an entry without what was written beside it.
    """

    new_head: NewHead | None = None
    head_change: HeadChange | None = None
    user_state: Mapping[str, Any] | None = None
    over: Mapping[str, Any] | None = None
    promises: tuple[Promise, ...] = ()

    @property
    def nothing(self) -> bool:
        return self == _NOTHING


_NOTHING = Beside()


@dataclass(frozen=True)
class Settled:
    """A turn has ended: what the head learns of it."""

    born: int
    last: int
    updated: int
    lifetime: Lifetime


class SlotTaken(AttacheError):
    """Something else stands there, or the head is another one: read, and decide again."""


class KeyTaken(AttacheError):
    """A promised key has made an entry already."""


class OutcomeUnknown(Unavailable):
    """A write was sent and may or may not have taken effect."""


class SessionTable(Protocol):
    """All reads are strongly consistent. Every method raises Unavailable where the storage does not answer."""

    async def newest(self, session_id: str, after: int = 0, before: int | None = None, limit: int = WINDOW) -> Reading:
        """The newest entries above number `after` and below `before`; `before` leaves META out."""
        ...

    async def since(self, session_id: str, after: int, limit: int = WINDOW) -> Sequence[Entry]:
        """The entries above `after`, ascending from the oldest: the cheapest look for something new."""
        ...

    async def put(self, session_id: str, entry: Entry, beside: Beside, lifetime: Lifetime) -> None:
        """Write `entry` into its slot if the slot is free; the same entry found there is success.

        Raises SlotTaken, KeyTaken, OutcomeUnknown, or Unavailable where nothing was written.
        """
        ...

    async def idempotency(self, session_id: str, key: str) -> Idempotency | None: ...

    async def settle(self, session_id: str, settled: Settled) -> None:
        """`last` and `updated` of the head; nothing where it is another session's or newer."""
        ...

    async def keep_summary(self, session_id: str, summary: Summary, expires: int) -> None:
        """Keep it until `expires` (seconds since 1970), unless one that goes as far, or a later session's, stands."""
        ...

    async def tell(self, session_id: str, born: int, gist: Gist) -> None:
        """What the session is about, to its head; nothing where it is another session's, or knows a newer one."""
        ...

    async def of_wallet(self, wallet: str) -> Sequence[Listed]:
        """All of the wallet's sessions that have not expired, newest first."""
        ...

    async def of_owner(self, owner: str, limit: int) -> Sequence[Noted]:
        """The owner's newest sessions that are not archived, and whose entries are kept still.

        The one read that is not consistent: what changed in the last second may not show.
        """
        ...

    async def purge(self, session_id: str, below: int) -> None:
        """Remove every entry below number `below`, and head, user state and summary if they were born below it."""
        ...
