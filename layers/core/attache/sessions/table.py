"""Storage of sessions, as an interface: a partition each, conditional writes, consistent reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from attache.errors import AttacheError, Unavailable
from attache.sessions.entries import Entry
from attache.sessions.head import DAY, Gist, Head, Lifetime, Listed, Noted
from attache.sessions.summary import Summary

WINDOW = 400  # entries of a page: a full window of 40 messages with their pieces (session-log.md, "Items")
FIRST_LOOK = 64  # entries: the newest turns with their pieces, or a full window whose pieces have expired
GLANCE = 12  # entries: what the end of the newest turn says
Lasting = Literal["user_state", "summary"]  # items beside head and log, each of which expires by itself


@dataclass(frozen=True)
class Reading:
    """The result of one read. `entries` ascend; `complete`: nothing is older (or between them and `after`).

    `expires`: when user state and summary do, in seconds since 1970, if they are there.
    """

    head: Head | None = None
    user_state: Mapping[str, Any] | None = None
    entries: tuple[Entry, ...] = ()
    complete: bool = True
    summary: Summary | None = None
    expires: Mapping[Lasting, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Idempotency:
    """The entry that an `Idempotency-Key` made: its number, and the message's hash."""

    key: str
    digest: str
    number: int


@dataclass(frozen=True)
class Promise:
    """The key of an entry that may be made only once, in the session born at `born`; `kept` for so many seconds.

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
    """These attributes change together with the entry, if the session is still the one born at `born`.

    Those in `over` must have these values before, because a read may see an entry without what was written with it.
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

    `user_state` replaces exactly `over`, because a read may see an entry without what was written with it.
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
    """The end of a turn, as the head records it."""

    born: int
    last: int
    updated: int
    lifetime: Lifetime


class SlotTaken(AttacheError):
    """The slot holds another entry, or the head is another one: read, and decide again."""


class KeyTaken(AttacheError):
    """A promised key has made an entry before."""


class OutcomeUnknown(Unavailable):
    """A write was sent and may or may not have taken effect."""


class SessionTable(Protocol):
    """All reads are strongly consistent. Every method raises Unavailable if the storage does not answer."""

    async def newest(self, session_id: str, after: int = 0, before: int | None = None, limit: int = WINDOW) -> Reading:
        """The newest entries above number `after` and below `before`; with `before`, without metadata."""
        ...

    async def since(self, session_id: str, after: int, limit: int = WINDOW) -> Sequence[Entry]:
        """The entries above `after`, oldest first: the cheapest way to look for new ones."""
        ...

    async def put(self, session_id: str, entry: Entry, beside: Beside, lifetime: Lifetime) -> None:
        """Write `entry` into its slot if the slot is free; finding the same entry there is success.

        Raises SlotTaken, KeyTaken, OutcomeUnknown, or Unavailable if nothing was written.
        """
        ...

    async def idempotency(self, session_id: str, key: str) -> Idempotency | None: ...

    async def settle(self, session_id: str, settled: Settled) -> None:
        """Set `last` and `updated` of the head; does nothing if it is another session's or newer."""
        ...

    async def renew(self, session_id: str, kept: Lasting, over: int, expires: int) -> None:
        """Have it expire at `expires`; does nothing unless it expires at `over` (both in seconds since 1970)."""
        ...

    async def keep_summary(self, session_id: str, summary: Summary, expires: int) -> None:
        """Store it until `expires` (seconds since 1970), if the stored one covers less and is not a later session's."""
        ...

    async def tell(self, session_id: str, born: int, gist: Gist) -> None:
        """Set the head's gist; does nothing if it is another session's or has a newer one."""
        ...

    async def of_wallet(self, wallet: str) -> Sequence[Listed]:
        """All of the wallet's sessions that have not expired, newest first."""
        ...

    async def of_owner(self, owner: str, limit: int) -> Sequence[Noted]:
        """The owner's newest sessions that are not archived or expired.

        This read alone is not consistent: changes of the last second may be missing.
        """
        ...

    async def purge(self, session_id: str, below: int) -> None:
        """Remove every entry below number `below`, and head, user state and summary if they were born below it."""
        ...
