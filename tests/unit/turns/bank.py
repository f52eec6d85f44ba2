"""A bank whose withdrawals take a while, and workers that call it, for tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from attache.apps.app import App
from attache.sessions.entries import Event, results_of
from attache.sessions.shown_results import parsed
from attache.tools.http_tool import HttpTool, Steps
from attache.tools.tool import CallContext, ToolCall, ToolResult, Toolset
from attache.tools.toolsets import ConfirmedToolset, LaterToolset
from attache.turns.timings import DEFAULT
from attache.turns.tool_jobs import ToolJob, parse_tool_job
from attache.turns.tool_worker import ToolWorker
from attache.turns.wakeups import Wake
from tests.fakes.clock import FakeClock
from tests.fakes.models import FakeModels, Says, asks, says
from tests.fakes.tool_jobs import FakeToolJobs
from tests.fakes.toolset import FakeToolset
from tests.unit.tools.tools import http_tool
from tests.unit.turns.harness import APP, House

STEPS = Steps(
    poll=http_tool(name="poll"), arguments={"id": "data.id"}, field="state", done=("settled",), failed=("failed",),
    message="note", interval=3, limit=60,
)  # fmt: skip


WITHDRAW = http_tool(name="Withdraw", method="POST", safe=False, later=True, steps=STEPS)


BEGUN = {"data": {"id": "w1"}, "state": "queued", "note": "It is queued."}


class Bank:
    """An API that answers from a script; `asked` are the calls that came."""

    def __init__(self, *answers: dict[str, Any] | ToolResult | Exception) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.contexts: list[CallContext] = []
        self._answers = list(answers)

    def operations(self, app: App, tools: Sequence[HttpTool]) -> Toolset:
        return FakeToolset({tool.name: self._run for tool in tools})

    async def _run(self, call: ToolCall) -> ToolResult:
        self.asked.append((call.name, call.call_id, json.loads(call.arguments)))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, ToolResult) else ToolResult("ok", json.dumps(answer))


class Branch:
    """A house whose assistant has asked for a withdrawal, and the tool worker beside it."""

    def __init__(
        self,
        bank: Bank,
        *script: Says,
        tool: HttpTool = WITHDRAW,
        confirm: bool = False,
        jobs: FakeToolJobs | None = None,
        models: FakeModels | None = None,
    ) -> None:
        self.bank = bank
        self.clock = FakeClock()
        later: Toolset = LaterToolset(FakeToolset({"Withdraw": bank._run}, unsafe=["Withdraw"]), ["Withdraw"])
        scripted = FakeModels([asks(("Withdraw", '{"amount": 5}')), says("It goes on."), *script])
        self.house = House(
            models or scripted,
            ConfirmedToolset(later, ["Withdraw"] if confirm else []),
            app=APP.model_copy(update={"tools": (tool,)}),
            clock=self.clock,
            tool_jobs=jobs or FakeToolJobs(),
        )
        self.worker = self.another()

    def another(self) -> ToolWorker:
        house = self.house.another()
        return ToolWorker(
            house.sessions,
            house.outcomes,
            house.apps,
            self.bank.operations,
            house.tool_jobs,
            self.clock,
            DEFAULT,
        )

    async def ask(self) -> None:
        await self.house.chats.answer(self.house.request("Withdraw", client_id="c", key_id="k"), 0)
        await self.house.work(Wake)

    async def work(self, times: int = 1) -> list[ToolJob]:
        """Bring the worker its jobs, after their delays; those that it was brought."""
        brought: list[ToolJob] = []
        for _ in range(times):
            for job, delay in self.house.tool_jobs.sent[:]:
                self.house.tool_jobs.sent.remove((job, delay))
                self.clock.forward(delay)
                await self.worker.handle(parse_tool_job(job.model_dump_json()))
                brought.append(job)
        return brought

    async def interrupt(self) -> None:
        """Another message comes, and the user stops before it is answered."""
        house = self.house.another()
        await house.chats.answer(house.request("And now?"), 0)
        assert (await house.interrupts.interrupt(house.session_id))["interrupted"] is True

    async def outcome(self) -> tuple[str, Any]:
        """What the call came to."""
        (entry,) = [entry for entry in (await self.house.log()).entries if entry.kind == "outcome"]
        (result,) = results_of(entry.body)
        return result.outcome, parsed(result.text)

    async def said(self) -> list[str]:
        """What was told of how far the call is."""
        bodies = [entry.body for entry in (await self.house.log()).entries]
        return [body.data["message"] for body in bodies if isinstance(body, Event) and body.what == "progress"]
