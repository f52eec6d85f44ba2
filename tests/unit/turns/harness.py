"""The turn code put together on fakes: everything but AWS, HTTP and LiteLLM is the real thing."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from attache.apps.app import App, ModelChoice
from attache.clock import Clock
from attache.models.own_keys import OwnKeys
from attache.models.window import Windows
from attache.sessions.log import SessionLog
from attache.sessions.sessions import Periods, Sessions
from attache.sessions.table import SessionTable
from attache.sessions.warm import WarmSessions
from attache.tools.tool import Toolset
from attache.turns.chats import ChatRequest, Chats
from attache.turns.contexts import TurnContexts
from attache.turns.earlier import Earlier
from attache.turns.interrupts import Interrupts
from attache.turns.outcome_keeper import OutcomeKeeper
from attache.turns.summaries import BLOCKS, Blocks
from attache.turns.system_messages import SystemMessages
from attache.turns.timings import Timings
from attache.turns.wakeups import Job
from attache.turns.worker import Worker
from attache.usage.usage import UsageRow
from tests.fakes.apps import FakeApps
from tests.fakes.blobs import FakeBlobs
from tests.fakes.meter import FakeMeter
from tests.fakes.models import FakeModels
from tests.fakes.session_table import FakeSessionTable
from tests.fakes.tool_jobs import FakeToolJobs
from tests.fakes.toolset import FakeToolset
from tests.fakes.wakeups import FakeWakeups

QUICK = Timings(
    look=0.01, tail=0.03, sign=0.2, dead=0.6, guard=0.7, patience=0.5, fresh=0.1, leave=0.02, idle=0.1, interrupt=0.3,
    title=0.3, summary=0.3, first_flushes=0.02, first_while=0.08, later_flushes=0.04,
)  # fmt: skip
APP = App(name="shop", title="Shop", version="1", preamble="You help.", models=ModelChoice(default="claude-sonnet"))


@dataclass
class FakeUsage:
    rows: list[UsageRow] = field(default_factory=list)

    async def record(self, row: UsageRow) -> None:
        self.rows.append(row)


@dataclass
class House:
    """One container: services of its own over the shared table. `another` is a second one."""

    models: FakeModels
    toolset: Toolset = field(default_factory=lambda: FakeToolset({}))
    app: App = APP
    timings: Timings = QUICK
    clock: Clock = field(default_factory=Clock)
    table: SessionTable | None = None
    wakeups: FakeWakeups = field(default_factory=FakeWakeups)
    blobs: FakeBlobs = field(default_factory=FakeBlobs)
    tool_jobs: FakeToolJobs = field(default_factory=FakeToolJobs)
    usage: FakeUsage = field(default_factory=FakeUsage)
    session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    windows: Windows | None = None
    own_keys: OwnKeys | None = None
    meter: FakeMeter = field(default_factory=FakeMeter)
    blocks: Blocks = BLOCKS

    def __post_init__(self) -> None:
        table = self.table = self.table or FakeSessionTable(self.clock)
        periods = Periods(dead=int(self.timings.dead * 1000))
        self.sessions = Sessions(
            table, self.wakeups, self.blobs, self.clock, warm=WarmSessions(self.clock), periods=periods
        )
        self.apps = FakeApps(self.app)
        contexts = TurnContexts(
            self.apps,
            self.models,
            lambda _: self.toolset,
            self.usage,
            self.wakeups,
            self.tool_jobs,
            self.blobs,
            self.clock,
            own_keys=self.own_keys,
            windows=self.windows,
            meter=self.meter,
            blocks=self.blocks,
            earlier=Earlier(table, self.clock),
        )
        self.chats = Chats(self.sessions, table, contexts, self.clock, self.timings)
        self.worker = Worker(self.sessions, contexts, self.clock, self.timings)
        self.outcomes = OutcomeKeeper(self.sessions, self.wakeups, self.blobs, self.clock, self.timings)
        self.system = SystemMessages(self.sessions, self.outcomes, self.clock)
        self.interrupts = Interrupts(self.sessions, self.wakeups, self.clock, self.timings)

    def another(self, **changes: Any) -> House:
        """Another container on the same table, which knows nothing of what this one remembers."""
        return replace(self, **changes)

    def request(self, message: str = "Hello", **more: Any) -> ChatRequest:
        return ChatRequest(self.session_id, self.app, message, **more)

    async def stream(self, message: str = "Hello", **more: Any) -> list[tuple[str | None, Mapping[str, Any] | None]]:
        """All of a chat's stream, as (id, data)."""
        events = await self.chats.stream(self.request(message, **more))
        return [(event.id, event.data) async for event in events]

    async def log(self) -> SessionLog:
        """The session's log as the table has it."""
        assert self.table is not None
        log = SessionLog(self.table, self.session_id, clock=self.clock)
        await log.read()
        return log

    async def post(self, kind: str, **payload: Any) -> dict[str, Any] | None:
        """Post a typed system message."""
        return await self.system.post(self.session_id, json.dumps({"type": kind, "payload": payload}))

    async def kinds(self) -> list[str]:
        return [entry.kind for entry in (await self.log()).entries]

    async def snapshot(self) -> dict[str, Any]:
        state = await self.sessions.state(self.session_id)
        assert state.snapshot is not None
        return state.snapshot

    async def work(self, kind: type[Job]) -> None:
        """Bring the worker every job of one kind that was sent."""
        for job in self.wakeups.take(kind):
            await self.worker.handle(job)


def types(events: list[tuple[str | None, Mapping[str, Any] | None]]) -> list[str]:
    return [str(data["type"]) for _, data in events if data is not None]


def text_of(events: list[tuple[str | None, Mapping[str, Any] | None]]) -> str:
    return "".join(str(data["content"]) for _, data in events if data is not None and data["type"] == "text")
