"""What processes call over the network: the table, the queue, the tools, the bill."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from attache.errors import AttacheError
from attache.sessions.entries import Entry
from attache.sessions.head import Gist, Lifetime, Listed, Noted
from attache.sessions.summary import Summary
from attache.sessions.table import (
    WINDOW,
    Beside,
    Idempotency,
    Lasting,
    OutcomeUnknown,
    Reading,
    Settled,
)
from attache.tools.tool import CallContext, Outcome, Request, ToolCall, ToolResult, ToolSpec
from attache.turns.wakeups import Guard, HandOver, Job, Purge, Summarize, Title, Wake
from attache.usage.usage import UsageRow
from tests.fakes.blobs import FakeBlobs
from tests.fakes.session_table import FakeSessionTable
from tests.fakes.toolset import ANY_OBJECT
from tests.model.network import Network, at_once
from tests.model.virtual_time import current

T = TypeVar("T")
SAFE, UNSAFE = "Look", "Trade"
PAY, ORDER, SHIP = "Pay", "Order", "Ship"  # which wait for a wallet, for approval, for the tool worker
_TOOLS = (SAFE, UNSAFE, PAY, ORDER, SHIP)


@dataclass(frozen=True)
class Stored:
    """An entry that was put, and what went with it. `time` is the simulation's, in seconds."""

    entry: Entry
    beside: Beside
    time: float


class FarTable:
    """`SessionTable` over the network. `tape` holds every entry that was ever stored, in order, purged or not."""

    def __init__(self, network: Network, table: FakeSessionTable, time: Callable[[], float]) -> None:
        self._network = network
        self._table = table
        self._time = time
        self.tape: list[Stored] = []

    async def newest(self, session_id: str, after: int = 0, before: int | None = None, limit: int = WINDOW) -> Reading:
        return await self._read(lambda: self._table.newest(session_id, after, before, limit))

    async def since(self, session_id: str, after: int, limit: int = WINDOW) -> Sequence[Entry]:
        return await self._read(lambda: self._table.since(session_id, after, limit))

    async def idempotency(self, session_id: str, key: str) -> Idempotency | None:
        return await self._read(lambda: self._table.idempotency(session_id, key))

    async def of_wallet(self, wallet: str) -> Sequence[Listed]:
        return await self._read(lambda: self._table.of_wallet(wallet))

    async def of_owner(self, owner: str, limit: int) -> Sequence[Noted]:
        return await self._read(lambda: self._table.of_owner(owner, limit))

    async def put(self, session_id: str, entry: Entry, beside: Beside, lifetime: Lifetime) -> None:
        def store() -> None:
            before = self._table.puts
            at_once(self._table.put(session_id, entry, beside, lifetime))
            if self._table.puts > before:
                self.tape.append(Stored(entry, beside, self._time()))

        await self._network.request("put", store, OutcomeUnknown)

    async def settle(self, session_id: str, settled: Settled) -> None:
        await self._network.request("put", lambda: at_once(self._table.settle(session_id, settled)), OutcomeUnknown)

    async def renew(self, session_id: str, kept: Lasting, over: int, expires: int) -> None:
        def renew() -> None:
            at_once(self._table.renew(session_id, kept, over, expires))

        await self._network.request("put", renew, OutcomeUnknown)

    async def tell(self, session_id: str, born: int, gist: Gist) -> None:
        await self._network.request("put", lambda: at_once(self._table.tell(session_id, born, gist)), OutcomeUnknown)

    async def keep_summary(self, session_id: str, summary: Summary, expires: int) -> None:
        def keep() -> None:
            at_once(self._table.keep_summary(session_id, summary, expires))

        await self._network.request("put", keep, OutcomeUnknown)

    async def purge(self, session_id: str, below: int) -> None:
        await self._network.request("put", lambda: at_once(self._table.purge(session_id, below)), OutcomeUnknown)

    async def _read(self, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return await self._network.request("read", lambda: at_once(read()))


class FarQueue:
    """`Wakeups` over the network. `deliver` is called for each delivery, `lost` counts what has none."""

    def __init__(self, network: Network, deliver: Callable[[Job, float], None]) -> None:
        self._network = network
        self._deliver = deliver
        self.lost = 0

    async def wake(self, session_id: str, *, delay: float = 0) -> None:
        await self._send(Wake(session_id=session_id), delay)

    async def guard(self, session_id: str, runner: str, *, delay: float, sent: int | None = None) -> None:
        await self._send(Guard(session_id=session_id, runner=runner, sent=sent), delay)

    async def hand_over(self, session_id: str, runner: str) -> None:
        await self._send(HandOver(session_id=session_id, runner=runner), 0)

    async def purge(self, session_id: str, tag: str, *, delay: float) -> None:
        await self._send(Purge(session_id=session_id, tag=tag), delay)

    async def title(self, session_id: str, tag: str) -> None:
        await self._send(Title(session_id=session_id, tag=tag), 0)

    async def summarize(self, session_id: str, tag: str, *, delay: float = 0, tries: int = 0) -> None:
        await self._send(Summarize(session_id=session_id, tag=tag, tries=tries), delay)

    async def _send(self, job: Job, delay: float) -> None:
        await self._network.request("send", lambda: self._take(job, delay))

    def _take(self, job: Job, delay: float) -> None:
        deliveries = self._network.chaos.deliveries()
        self.lost += not deliveries
        for late in deliveries:
            self._deliver(job, delay + late)


@dataclass(frozen=True)
class Sending:
    """A call that reached its server. `by_frozen`: its sender has stood still once, so it may be late."""

    call: ToolCall
    time: float
    by_frozen: bool


class _NoAnswer(AttacheError):
    """The tool's server did not answer."""


class FarTools:
    """Tools, some of which may change something. `reached` are the calls that came to their server."""

    def __init__(self, network: Network, time: Callable[[], float], takes: Callable[[], float]) -> None:
        self._network = network
        self._time = time
        self._takes = takes
        self.reached: list[Sending] = []

    @staticmethod
    def _whole(call: ToolCall) -> str | None:
        """Now and then a result that an entry does not hold."""
        return (
            json.dumps({"did": call.arguments, "at length": "." * 20_000}) if call.arguments.endswith('/1"}') else None
        )

    @property
    def specs(self) -> Sequence[ToolSpec]:
        return [ToolSpec(name, f"Does {name}.", ANY_OBJECT, safe=name in (SAFE, PAY)) for name in _TOOLS]

    def check(self, call: ToolCall) -> ToolResult | None:
        return None if call.name in _TOOLS else ToolResult("error", '{"error": "There is no such tool."}')

    async def run(self, call: ToolCall, context: CallContext) -> ToolResult:
        if call.name == PAY:
            return ToolResult("pending", "asked", request=Request("wallet_tx", {"to": "0x2", "description": "Pays"}))
        process = current()
        frozen = process is not None and process.was_frozen

        def reach() -> ToolResult:
            self.reached.append(Sending(call, self._time(), frozen))
            return ToolResult("ok", json.dumps({"did": call.arguments}), whole=self._whole(call))

        try:
            return await self._network.request("tool", reach, _NoAnswer, takes=self._takes())
        except _NoAnswer:
            outcome: Outcome = "timed_out" if call.name == SAFE else "outcome_unknown"
            return ToolResult(outcome, f'{{"outcome": "{outcome}"}}')


class FarBlobs:
    """`Blobs` over the network."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._blobs = FakeBlobs()

    async def put(self, session_id: str, tag: str, name: str, text: str) -> None:
        await self._network.request("blob", lambda: at_once(self._blobs.put(session_id, tag, name, text)))

    async def get(self, session_id: str, tag: str, name: str) -> str | None:
        return await self._network.request("blob", lambda: at_once(self._blobs.get(session_id, tag, name)))

    async def purge(self, session_id: str, tag: str) -> None:
        await self._network.request("blob", lambda: at_once(self._blobs.purge(session_id, tag)))


class FarUsage:
    """`UsageSink` over the network; what it counts is no part of this."""

    def __init__(self, network: Network) -> None:
        self._network = network

    async def record(self, row: UsageRow) -> None:
        await self._network.request("usage", lambda: None)
