"""One session's log as one writer sees it: reading what is new, and appending to the next free slot.

The free slot is the only lock (session-log.md, "Appending"). An appender passes a decision, not an entry: a function
from the whole log to what it wants to append. If the slot turns out to be taken, the new entries are read and the
decision is made again, so no writer can miss an interrupt, a takeover, another message or a deletion.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from attache.clock import Clock
from attache.errors import Unavailable
from attache.sessions.entries import Body, End, Entry
from attache.sessions.head import Gist, Head, Lifetime
from attache.sessions.known import Known, changes_meta, dense, grounds, opened
from attache.sessions.summary import Summary
from attache.sessions.table import (
    FIRST_LOOK,
    WINDOW,
    Beside,
    HeadChange,
    NewHead,
    OutcomeUnknown,
    Reading,
    SessionTable,
    Settled,
    SlotTaken,
)
from attache.sessions.view import View
from attache.sessions.wallet_requests import unexpired

STALE_AFTER = 15_000  # ms: a writer that has neither read nor appended for so long reads first (session-log.md, rule 3)
PATIENCE = 15.0  # seconds in which an unanswered append is repeated; after it a runner stops
UNDELIVERED_KEPT = 200


@dataclass(frozen=True)
class Wanted:
    """What a decision wants to append: an entry's body, and what is written with it in one transaction."""

    body: Body
    beside: Beside = field(default_factory=Beside)


Decision = Callable[["SessionLog"], Wanted]


class SessionLog:
    """A session as one writer sees it. `writer` is unique to this object and begins the nonces of its entries."""

    def __init__(
        self,
        table: SessionTable,
        session_id: str,
        *,
        clock: Clock,
        known: Known | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self.session_id = session_id
        self.writer = secrets.token_hex(6)
        self.known = known or Known()
        self._table = table
        self._clock = clock
        self._patience = patience
        self._written = 0
        self._touched = 0
        self._alone = asyncio.Lock()

    @property
    def view(self) -> View:
        return self.known.view

    @property
    def head(self) -> Head | None:
        """The session's head; None if there is no session, or it was deleted."""
        return None if self.known.view.deleted else self.known.head

    @property
    def tag(self) -> str | None:
        """The session's tag, for our own records: they must not contain its id, which is a capability."""
        return self.known.head.tag if self.known.head else None

    @property
    def living(self) -> Head:
        """The head of a session that is known to exist."""
        assert self.head is not None
        return self.head

    @property
    def user_state(self) -> Mapping[str, Any] | None:
        """The stored user state, without wallet requests whose entries have expired."""
        return unexpired(self.known.user_state, self.now - 1000 * self.living.lifetime.entries)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self.known.entries

    @property
    def now(self) -> int:
        """Wall time in milliseconds, as new entries have it."""
        return self._clock.now()

    @property
    def quiet_for(self) -> int:
        """Milliseconds since this writer last read or appended."""
        return self._clock.now() - self._touched

    @property
    def pending(self) -> tuple[int, ...]:
        """Results whose calls wait for an outcome, without those that are known to have expired."""
        if not self.known.complete:
            return self.view.pending
        there = {entry.number for entry in self.entries}
        return tuple(number for number in self.view.pending if number in there)

    def entry(self, number: int) -> Entry | None:
        """The entry with this number, if it has been read."""
        return next((entry for entry in reversed(self.entries) if entry.number == number), None)

    async def read(self, first: int = FIRST_LOOK) -> View:
        """Read everything newer, with head and user state; the newest `first` entries on the first reading.

        Older entries are read with `reach_back`.
        """
        async with self._alone:
            return await self._read(first)

    async def _read(self, first: int = FIRST_LOOK) -> View:
        began = self._clock.now()
        after = self.view.last
        reading = await self._table.newest(self.session_id, after, limit=WINDOW if after else first)
        if after and (not reading.complete or self.known.is_of_another(reading.head)):
            self.known, after = Known(), 0
            reading = await self._table.newest(self.session_id, limit=first)
        self.known = self.known.more(reading) if after else opened(await self._grounded(reading))
        self._touched = began
        return self.view

    async def poll(self) -> tuple[Entry, ...]:
        """Read new entries, and head and user state if they may have changed; one read unit if nothing is new."""
        async with self._alone:
            return await self._poll()

    async def _poll(self) -> tuple[Entry, ...]:
        began = self._clock.now()
        entries = tuple(await self._table.since(self.session_id, self.view.last))
        if entries and (entries[0].number != self.view.last + 1 or not dense(entries) or changes_meta(entries)):
            before = self.view.last
            await self._read()
            return tuple(entry for entry in self.entries if entry.number > before)
        self.known = self.known.followed(entries)
        self._touched = began
        return entries

    async def reach_back(
        self, enough: Callable[[tuple[Entry, ...]], bool], missing: Callable[[tuple[Entry, ...]], int] | None = None
    ) -> None:
        """Read older entries until `enough` holds or there are none; `missing` estimates how many to read.

        Older entries do not change, so this may run concurrently with an append.
        """
        while not self.known.complete and not enough(self.entries):
            first = self.entries[:1]
            before = first[0].number if first else self.view.last + 1
            limit = missing(self.entries) if missing else WINDOW
            older = await self._table.newest(self.session_id, before=before, limit=limit)
            if self.entries[:1] == first:
                self.known = self.known.reached(older)

    async def append(self, decide: Decision) -> Entry:
        """Append what `decide` wants to the end of the log; it may be called again, and raises to give up.

        Raises Unavailable if storage fails for `patience` seconds: whether the entry was written is then unknown.
        Cancelling the caller does not interrupt an append: it is finished first.
        """
        append = asyncio.ensure_future(self._append(decide))
        try:
            return await asyncio.shield(append)
        except asyncio.CancelledError:
            await asyncio.gather(append, return_exceptions=True)
            raise

    async def _append(self, decide: Decision) -> Entry:
        async with self._alone:
            if self.quiet_for > STALE_AFTER:
                await self._read()
            while True:
                wanted = self._grounding(decide(self))
                entry = Entry(self.view.last + 1, self._clock.now(), self._nonce(), wanted.body)
                began = self._clock.now()
                try:
                    await self._put(entry, wanted.beside)
                except SlotTaken:
                    await self._read()
                    continue
                self._stands(entry, wanted.beside)
                self._touched = began
                return entry

    async def _put(self, entry: Entry, beside: Beside) -> None:
        deadline, pause = self._clock.now() + self._patience * 1000, 0.05
        while True:
            try:
                return await self._table.put(self.session_id, entry, beside, self._lifetime(beside))
            except Unavailable as error:
                if self._clock.now() + pause * 1000 > deadline:
                    raise OutcomeUnknown("The conversation could not be stored; try again in a moment.") from error
            await self._clock.pause(pause)
            pause = min(2 * pause, 2.0)

    def _lifetime(self, beside: Beside) -> Lifetime:
        """The session's lifetime, as the entry leaves it: a message brings its app's retention."""
        head = beside.new_head.head if beside.new_head else self.living
        return (changed(head, beside.head_change) if beside.head_change else head).lifetime

    def _nonce(self) -> str:
        self._written += 1
        return f"{self.writer}.{self._written}"

    def _grounding(self, wanted: Wanted) -> Wanted:
        """Add to an `end` what a reader must know that begins reading there."""
        if not isinstance(wanted.body, End):
            return wanted
        view, undelivered = self.view, self.view.undelivered[-UNDELIVERED_KEPT:]
        end = replace(wanted.body, waiting=view.waiting, undelivered=undelivered, pending=self.pending)
        return replace(wanted, body=end)

    def _stands(self, entry: Entry, beside: Beside) -> None:
        if beside.new_head is not None:
            self.known = Known(beside.new_head.head, complete=True)
        head, user_state, expires = self.known.head, self.known.user_state, self.known.expires
        if beside.head_change is not None and head is not None:
            head = changed(head, beside.head_change)
        if beside.user_state is not None:
            user_state = beside.user_state
            expires = {**expires, "user_state": entry.at // 1000 + self._lifetime(beside).head}
        self.known = self.known.more(Reading(head, user_state, (entry,), summary=self.known.summary, expires=expires))

    async def _grounded(self, reading: Reading) -> Reading:
        """Read back until the fold can begin: at the log's start, or at an `end` with every waiting message."""
        while not reading.complete and not grounds(reading.entries):
            older = await self._table.newest(self.session_id, before=reading.entries[0].number)
            reading = replace(reading, entries=older.entries + reading.entries, complete=older.complete)
        return reading

    async def keep_summary(self, upto: int, text: str) -> None:
        """Store the summary up to entry `upto`, unless a longer one is stored. Raises Unavailable."""
        head = self.living
        expires = head.updated // 1000 + head.lifetime.head
        await self._table.keep_summary(self.session_id, Summary(head.born, upto, text), expires)

    async def tell(self, gist: Gist) -> None:
        """Write the gist into the head, for its owner's other sessions. Raises Unavailable."""
        await self._table.tell(self.session_id, self.living.born, gist)

    async def settle(self) -> None:
        """Write the end of a turn into the head, and keep what expires beside it from doing so.

        Never fails: the log has the end, and the next one writes it again.
        """
        head = self.living
        settled = Settled(head.born, self.view.last, self.view.idle_since, head.lifetime)
        with suppress(Unavailable):
            await self._table.settle(self.session_id, settled)
            await self._renew(settled.updated // 1000, head.lifetime)

    async def _renew(self, ended: int, lifetime: Lifetime) -> None:
        """Have user state and summary outlive the turn that ended then (s); each is written once a week at most."""
        until = ended + lifetime.head
        for kept, over in self.known.fading(ended + lifetime.entries).items():
            await self._table.renew(self.session_id, kept, over, until)
            self.known = replace(self.known, expires={**self.known.expires, kept: until})


def begun(log: SessionLog, now: int, **values: Any) -> NewHead:
    """The head of a session that begins with the next entry of `log`."""
    old = log.known.head
    number = log.view.last + 1
    head = Head(log.session_id, secrets.token_hex(4), number, number, now, now, **values)
    return NewHead(head, instead_of=old.born if old else None)


def changed(head: Head, change: HeadChange) -> Head:
    """The head after `change`."""
    return replace(head, **change.values)
