"""Operations on sessions, except running turns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from attache.cache import TimedCache
from attache.clock import Clock
from attache.errors import Unavailable
from attache.sessions import changes
from attache.sessions.blobs import Blobs
from attache.sessions.entries import Deleted, Entry
from attache.sessions.etags import etag_of, holds, newest_held
from attache.sessions.head import Head, Listed
from attache.sessions.log import Decision, SessionLog
from attache.sessions.long_results import LongResults
from attache.sessions.paging import MOST_WEIGHT, in_front, stretch_before, weight_of
from attache.sessions.snapshot import empty_snapshot, snapshot
from attache.sessions.system_events import system_events
from attache.sessions.table import SessionTable
from attache.sessions.wakes import Wakeups
from attache.sessions.wallet_requests import shown
from attache.sessions.warm import WarmSessions
from attache.wallets import wallet_name

Json = dict[str, Any]
NUDGED_SECONDS = 5  # between two wake-ups of one session
MOST_NUDGED = 10_000
_FEW = 20


@dataclass(frozen=True)
class State:
    """The answer to a poll: `snapshot` is None if the client's `etag` still holds."""

    snapshot: Json | None
    etag: str | None


@dataclass(frozen=True)
class Periods:
    """Milliseconds: `dead`, without a sign, until a runner counts as dead; `purge`, from a deletion to the purge."""

    dead: int = 22_000
    purge: int = 900_000


class Sessions:
    """Create, read, change and delete sessions."""

    def __init__(
        self,
        table: SessionTable,
        wakeups: Wakeups,
        blobs: Blobs,
        clock: Clock,
        *,
        warm: WarmSessions | None = None,
        periods: Periods | None = None,
    ) -> None:
        self._table = table
        self._wakeups = wakeups
        self._blobs = blobs
        self._long_results = LongResults(blobs, clock)
        self._clock = clock
        self._warm = warm or WarmSessions(clock)
        self._periods = periods or Periods()
        self._nudged: TimedCache[str, None] = TimedCache(clock, NUDGED_SECONDS, MOST_NUDGED)

    def log(self, session_id: str) -> SessionLog:
        """A new writer's view of the session's log; nothing is read yet."""
        known = self._warm.get(session_id)
        return SessionLog(self._table, session_id, clock=self._clock, known=known)

    def keep(self, log: SessionLog) -> None:
        """Remember what this log knows, for the next request to this container."""
        self._warm.keep(log.session_id, log.known)

    async def create(
        self, session_id: str, wallet: str | None, *, proven: bool = False, must_prove: bool = False
    ) -> tuple[Head, bool]:
        """Create the session, bound to this wallet, if there is none; returns its head, and whether it was created.

        Raises Unauthenticated if the wallet must be proven to be bound, and is not.
        """
        name = wallet_name(wallet) if wallet else None
        decide = changes.create(self._clock.now(), name, proven=proven, must_prove=must_prove)
        log, created = await self._changed(session_id, decide)
        return log.living, created

    async def head(self, session_id: str) -> Head:
        """The session's head. Raises NotFound."""
        return changes.living(await self._read(session_id))

    async def by_wallet(self, wallet: str) -> Sequence[Listed]:
        """The wallet's sessions, newest first."""
        return await self._table.of_wallet(wallet_name(wallet))

    async def app_of(self, session_id: str) -> str | None:
        """The session's app; None if there is no session, or it has none yet."""
        head = (await self._read(session_id)).head
        return head.app if head else None

    async def client_of(self, session_id: str) -> str | None:
        """The client id bound to the session; None if there is no session, or it has none yet."""
        head = (await self._read(session_id)).head
        return head.client_id if head else None

    async def bind_client(self, session_id: str, client_id: str) -> None:
        """Bind the client id to the session, which is created if there is none."""
        log = await self._read(session_id)
        await self._change(log, changes.declare("client", self._clock.now(), client_id=client_id))

    async def rename(self, session_id: str, title: str) -> Head:
        """Set the title; returns the head. Raises NotFound."""
        log, _ = await self._changed(session_id, changes.rename(title))
        return log.living

    async def archive(self, session_id: str, archived: bool) -> Head:
        """Archive or unarchive the session; returns the head. Raises NotFound."""
        log, _ = await self._changed(session_id, changes.change("archived", archived=archived))
        return log.living

    async def choose_model(self, session_id: str, app: str, model: str) -> bool:
        """Set the model from the next turn on; returns whether this created the session.

        Raises Forbidden if the session belongs to another app.
        """
        log = await self._read(session_id)
        changed = await self._change(log, changes.choose(self._clock.now(), app, model))
        return changed and log.living.born == log.view.last

    async def delete(self, session_id: str) -> None:
        """Delete the session at once; its contents are removed later. Raises NotFound."""
        log = await self._read(session_id)
        # before the append: no tombstone may lack its purge, and a purge without tombstone does nothing
        await self._wakeups.purge(session_id, changes.living(log).tag, delay=self._periods.purge / 1000)
        await log.append(changes.delete())
        self._warm.forget(session_id)

    async def purge(self, session_id: str, tag: str) -> None:
        """Remove what a deleted session left; does nothing if the session `tag` exists."""
        reading = await self._table.newest(session_id)
        tombstones = [entry.number for entry in reading.entries if isinstance(entry.body, Deleted)]
        while not tombstones and not reading.complete:
            older = await self._table.newest(session_id, before=reading.entries[0].number)
            tombstones = [entry.number for entry in older.entries if isinstance(entry.body, Deleted)]
            reading = replace(reading, entries=older.entries, complete=older.complete)
        lives = reading.head is not None and reading.head.tag == tag and reading.head.born > max(tombstones, default=0)
        if tombstones and not lives:
            await self._table.purge(session_id, max(tombstones))
            await self._blobs.purge(session_id, tag)

    async def state(
        self,
        session_id: str,
        *,
        user_state: Mapping[str, Any] | None = None,
        client_id: str | None = None,
        before: str | None = None,
        etags: Collection[str] = (),
    ) -> State:
        """The answer to a poll, after merging the user state and client id that came with it.

        `etags`: those of the snapshots that the client has; `*` matches any. `before`: page back from this message.
        Raises BadInput for an unknown `before`.
        """
        says_nothing = user_state is None and client_id is None and before is None
        if says_nothing and (held := await self._still_holding(session_id, etags)):
            return State(None, held)
        log = await self._heard(session_id, user_state, client_id)
        if log.head is None:
            return State(empty_snapshot(session_id), None)
        if before is not None:
            return State(await self._page(log, before), None)
        if not log.view.undelivered and holds(log, etags):
            return State(None, etag_of(log))
        delivering = await self._deliver(log)
        answer = await self.snapshot(log, delivering=delivering)
        lasting = not delivering and log.head is not None
        return State(answer, etag_of(log) if lasting else None)

    async def snapshot(self, log: SessionLog, *, delivering: Sequence[int] = ()) -> Json:
        """The snapshot of what `log` knows, with as much history as fits; an empty one if it was deleted."""
        if log.head is None:
            return empty_snapshot(log.session_id)
        await log.reach_back(_enough(log, delivering))
        self.keep(log)
        wholes = await self._long_results.newest(log.living, log.entries)
        return snapshot(
            log.living, log.view, log.entries, shown(log.user_state), wholes=wholes,
            delivering=delivering, truncated=not log.known.complete,
        )  # fmt: skip

    async def _page(self, log: SessionLog, before: str) -> Json:
        """The snapshot of what came before a message. Raises BadInput if there is no such message."""
        head, stretch = log.living, await stretch_before(self._table, log, before)
        older = in_front(stretch.entries, head.number_of(before) or 0)
        wholes = await self._long_results.newest(head, older)
        return snapshot(
            head, log.view, stretch.entries, shown(log.user_state), wholes=wholes,
            truncated=not stretch.complete, before=before,
        )  # fmt: skip

    async def delivered_snapshot(self, log: SessionLog) -> Json:
        """The snapshot with the system events that no earlier one had, as `state` returns it."""
        return await self.snapshot(log, delivering=await self._deliver(log))

    async def events(self, session_id: str, count: int) -> list[Json]:
        """The newest `count` system events, oldest first, delivered or not, within the range of a snapshot."""
        log = await self._read(session_id)
        if log.head is None:
            return []
        enough = _enough(log)
        await log.reach_back(lambda entries: enough(entries) or len(_system_events(entries)) >= count)
        self.keep(log)
        return _system_events(log.entries)[-count:] if count else []

    async def nudge(self, log: SessionLog) -> None:
        """Wake a worker if there is work without a live runner. Never fails: a lost wake-up only costs time."""
        now = self._clock.now()
        if not log.view.busy or now - _alive_at(log) <= self._periods.dead or self._nudged.get(log.session_id):
            return
        self._nudged.put(log.session_id, None, now)
        with suppress(Unavailable):
            await self._wakeups.wake(log.session_id)

    async def _read(self, session_id: str) -> SessionLog:
        """The session's log; on a warm container this takes one read unit if nothing is new."""
        log = self.log(session_id)
        await (log.poll() if log.known.head is not None else log.read())
        self.keep(log)
        return log

    async def _changed(self, session_id: str, decide: Decision) -> tuple[SessionLog, bool]:
        log = self.log(session_id)
        return log, await self._change(log, decide)

    async def _change(self, log: SessionLog, decide: Decision) -> bool:
        try:
            await log.append(decide)
        except changes.NothingToDo:
            return False
        self.keep(log)
        return True

    async def _heard(self, session_id: str, user_state: Mapping[str, Any] | None, client_id: str | None) -> SessionLog:
        log = await self._read(session_id)
        if user_state is not None:  # first, because it may be refused
            await self._change(log, changes.hear(user_state, self._clock.now()))
        if client_id is not None:
            await self._change(log, changes.bind_polling(self._clock.now(), client_id))
        await self.nudge(log)
        return log

    async def _deliver(self, log: SessionLog) -> tuple[int, ...]:
        """The numbers of the system events that this snapshot alone delivers (session-log.md)."""
        taken: tuple[int, ...] = ()

        def decide(log: SessionLog) -> Any:
            nonlocal taken
            taken = log.view.undelivered
            return changes.deliver()(log)

        return taken if await self._change(log, decide) else ()

    async def _still_holding(self, session_id: str, etags: Collection[str]) -> str | None:
        """The client's ETag, if it still holds, for one read unit. None if that takes a look at all that is known."""
        held, now = newest_held(etags, session_id), self._clock.now()
        if held is None or held.until * 1000 <= now or (held.busy and self._warm.get(session_id) is not None):
            return None  # a container that knows the running turn reads only what is newer, for no more
        entries = await self._table.since(session_id, held.after, limit=_FEW)
        alive = now - self._periods.dead
        return held.etag if len(entries) < _FEW and held.holds(entries, alive) else None


def _alive_at(log: SessionLog) -> int:
    """When the running or waiting turn last made progress (ms)."""
    if log.view.running is not None:
        return log.view.running.seen
    first = log.entry(log.view.waiting[0])
    return max(log.view.idle_since, first.at if first else 0)


def _system_events(entries: Iterable[Entry]) -> list[Json]:
    return [event for entry in entries for event in system_events(entry)]


def _enough(log: SessionLog, delivering: Sequence[int] = ()) -> Callable[[tuple[Entry, ...]], bool]:
    """Whether entries hold all that a snapshot shows: the newest 1 MB, and what it delivers."""
    first = min((*delivering, log.view.last))
    return lambda entries: bool(entries) and entries[0].number <= first and weight_of(entries) > MOST_WEIGHT
