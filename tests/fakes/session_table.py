"""Sessions in memory, with the conditions that DynamoDB would check; it keeps the same contract as `DynamoSessions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from attache.clock import Clock
from attache.sessions.entries import Entry
from attache.sessions.entry_json import decode, encode
from attache.sessions.head import DAY, Gist, Head, Lifetime, Listed, Noted
from attache.sessions.summary import Summary
from attache.sessions.table import (
    WINDOW,
    Beside,
    Idempotency,
    KeyTaken,
    Lasting,
    Reading,
    Settled,
    SlotTaken,
)


@dataclass
class _Partition:
    log: dict[int, tuple[Entry, int]] = field(default_factory=dict)
    head: Head | None = None
    head_expires: int = 0
    user_state: tuple[dict[str, Any], int] | None = None
    summary: tuple[Summary, int] | None = None
    keys: dict[str, tuple[Idempotency, int]] = field(default_factory=dict)


class FakeSessionTable:
    """`SessionTable` over dictionaries. Entries go through their stored form, so what cannot be stored fails too."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._partitions: dict[str, _Partition] = {}
        self.puts = 0
        self.reads = 0
        self.owner_reads = 0
        self.renewals = 0

    async def newest(self, session_id: str, after: int = 0, before: int | None = None, limit: int = WINDOW) -> Reading:
        self.reads += 1
        at = self._at(session_id)
        wanted = [e for e in self._alive(at) if e.number > after and (before is None or e.number < before)]
        entries = tuple(wanted[-limit:])
        alive = before is None and at.head_expires * 1000 > self._clock.now()
        head, state = (at.head, self._state(at)) if alive else (None, None)
        summary = self._summary(at) if before is None else None
        expires: dict[Lasting, int] = {"user_state": at.user_state[1]} if at.user_state and state is not None else {}
        if at.summary and summary:
            expires["summary"] = at.summary[1]
        return Reading(head, state, entries, len(entries) == len(wanted), summary, expires)

    async def since(self, session_id: str, after: int, limit: int = WINDOW) -> Sequence[Entry]:
        self.reads += 1
        return [entry for entry in self._alive(self._at(session_id)) if entry.number > after][:limit]

    async def put(self, session_id: str, entry: Entry, beside: Beside, lifetime: Lifetime) -> None:
        at, now = self._at(session_id), self._clock.now() // 1000
        stands = at.log.get(entry.number)
        if stands is not None and stands[1] > now:
            if stands[0].nonce == entry.nonce:
                return
            raise SlotTaken("The slot is taken.")
        self._check(at, beside, now)
        self.puts += 1
        stored = replace(entry, body=decode(entry.kind, encode(entry)))
        at.log[entry.number] = (stored, entry.at // 1000 + lifetime.of(entry.body))
        self._apply(at, entry, beside, lifetime)

    async def idempotency(self, session_id: str, key: str) -> Idempotency | None:
        made = self._at(session_id).keys.get(key)
        return made[0] if made is not None and made[1] * 1000 > self._clock.now() else None

    async def settle(self, session_id: str, settled: Settled) -> None:
        at = self._at(session_id)
        if at.head is not None and at.head.born == settled.born and at.head.last < settled.last:
            at.head = replace(at.head, last=settled.last, updated=settled.updated)
            at.head_expires = settled.updated // 1000 + settled.lifetime.head

    async def renew(self, session_id: str, kept: Lasting, over: int, expires: int) -> None:
        at = self._at(session_id)
        self.renewals += 1
        if kept == "user_state" and at.user_state is not None and at.user_state[1] == over:
            at.user_state = (at.user_state[0], expires)
        if kept == "summary" and at.summary is not None and at.summary[1] == over:
            at.summary = (at.summary[0], expires)

    async def keep_summary(self, session_id: str, summary: Summary, expires: int) -> None:
        at = self._at(session_id)
        stands = self._summary(at)
        if stands is None or (stands.born, stands.upto) < (summary.born, summary.upto):
            at.summary = (summary, expires)

    async def tell(self, session_id: str, born: int, gist: Gist) -> None:
        at = self._at(session_id)
        if at.head is not None and at.head.born == born and (at.head.gist_at or 0) <= gist.at:
            at.head = replace(at.head, gist=gist.text, gist_at=gist.at)

    async def of_wallet(self, wallet: str) -> Sequence[Listed]:
        kept = [at for at in self._partitions.values() if at.head_expires * 1000 > self._clock.now()]
        heads = [at.head for at in kept if at.head is not None and at.head.wallet == wallet]
        newest = sorted(heads, key=lambda head: head.created, reverse=True)
        return [Listed(head.session_id, head.title, head.archived) for head in newest]

    async def of_owner(self, owner: str, limit: int) -> Sequence[Noted]:
        self.owner_reads += 1
        heads = [at.head for at in self._partitions.values() if at.head is not None and at.head.owner == owner]
        kept = [head for head in heads if not head.archived and _noted_until(head) > self._clock.now()]
        newest = sorted(kept, key=lambda head: head.created, reverse=True)
        return [Noted(head.session_id, head.title, head.created, head.gist) for head in newest[:limit]]

    async def purge(self, session_id: str, below: int) -> None:
        at = self._at(session_id)
        at.log = {number: kept for number, kept in at.log.items() if number >= below}
        if at.head is not None and at.head.born < below:
            at.head, at.user_state = None, None
        if at.summary is not None and at.summary[0].born < below:
            at.summary = None

    def _at(self, session_id: str) -> _Partition:
        return self._partitions.setdefault(session_id, _Partition())

    def _state(self, at: _Partition) -> dict[str, Any] | None:
        alive = at.user_state is not None and at.user_state[1] * 1000 > self._clock.now()
        return at.user_state[0] if at.user_state is not None and alive else None

    def _summary(self, at: _Partition) -> Summary | None:
        alive = at.summary is not None and at.summary[1] * 1000 > self._clock.now()
        return at.summary[0] if at.summary is not None and alive else None

    def _alive(self, at: _Partition) -> list[Entry]:
        now = self._clock.now()
        return [entry for _, (entry, expires) in sorted(at.log.items()) if expires * 1000 > now]

    def _check(self, at: _Partition, beside: Beside, now: int) -> None:
        born = at.head.born if at.head else None
        stands = born is not None and at.head_expires > now
        if beside.new_head is not None and stands and born != beside.new_head.instead_of:
            raise SlotTaken("The session has changed.")
        change = beside.head_change
        if change is not None and (born != change.born or not _is(at.head, change.over)):
            raise SlotTaken("The session has changed.")
        if beside.user_state is not None and beside.new_head is None and self._state(at) != beside.over:
            raise SlotTaken("The session has changed.")
        for promise in beside.promises:
            made, expires = at.keys.get(promise.key, (None, 0))
            if made is not None and expires >= now and made.number >= promise.born:
                raise KeyTaken("This Idempotency-Key was used before.")

    def _apply(self, at: _Partition, entry: Entry, beside: Beside, lifetime: Lifetime) -> None:
        if beside.new_head is not None:
            at.head, at.user_state = beside.new_head.head, None
            at.head_expires = at.head.created // 1000 + at.head.lifetime.head
        if beside.head_change is not None and at.head is not None:
            at.head = replace(at.head, **beside.head_change.values)
        if beside.user_state is not None:
            at.user_state = (dict(beside.user_state), entry.at // 1000 + lifetime.head)
        for promise in beside.promises:
            made = Idempotency(promise.key, promise.digest, entry.number)
            at.keys[made.key] = (made, self._clock.now() // 1000 + promise.kept)


def _noted_until(head: Head) -> int:
    return (head.gist_at or head.created) + head.days * DAY * 1000


def _is(head: Head | None, attributes: Mapping[str, Any]) -> bool:
    return all(getattr(head, name) == value for name, value in attributes.items())
