"""Calls with steps: begun by the tool worker, asked after until they end, told to the user once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from attache.apps.app import App
from attache.sessions.entries import Entry, Event, results_of
from attache.sessions.events import update_events
from attache.sessions.head import Lifetime
from attache.sessions.shown_results import parsed
from attache.sessions.table import Beside
from attache.sessions.view import fold
from attache.tools.http_tool import HttpTool, Steps
from attache.tools.tool import CallContext, ToolCall, ToolResult, Toolset
from attache.tools.toolsets import ConfirmedToolset, LaterToolset
from attache.turns.timings import DEFAULT
from attache.turns.tool_jobs import Poll, Start, ToolJob, parse_tool_job
from attache.turns.tool_worker import ToolWorker
from attache.turns.wakeups import Wake
from attache.wire.deliveries import NotOurs
from tests.fakes.clock import FakeClock
from tests.fakes.models import FakeModels, Says, asks, says
from tests.fakes.tool_jobs import FakeToolJobs
from tests.fakes.toolset import FakeToolset
from tests.unit.tools.tools import http_tool
from tests.unit.turns.harness import APP, QUICK, House

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
    ) -> None:
        self.bank = bank
        self.clock = FakeClock()
        later: Toolset = LaterToolset(FakeToolset({"Withdraw": bank._run}, unsafe=["Withdraw"]), ["Withdraw"])
        models = FakeModels([asks(("Withdraw", '{"amount": 5}')), says("It goes on."), *script])
        self.house = House(
            models,
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


async def test_steps_from_the_call_to_the_answer() -> None:
    settled = {"state": "settled", "note": "It is there."}
    branch = Branch(Bank(BEGUN, {"state": "queued", "note": "Soon."}, settled), says("It arrived."))
    await branch.ask()
    assert branch.bank.asked == [], "the turn sends nothing"
    snapshot = await branch.house.snapshot()
    assert (snapshot["is_processing"], snapshot["messages"][-1]["content"]) == (False, "It goes on.")

    brought = await branch.work(3)
    assert [type(job) for job in brought] == [Start, Poll, Poll]
    call_id = brought[0].call_id
    assert branch.bank.asked == [
        ("Withdraw", call_id, {"amount": 5}), ("poll", call_id, {"id": "w1"}), ("poll", call_id, {"id": "w1"}),
    ]  # fmt: skip
    assert branch.house.tool_jobs.sent == []
    assert await branch.outcome() == ("ok", settled)
    entries = (await branch.house.log()).entries
    assert await branch.said() == ["It is queued.", "Soon."]
    kinds = [entry.kind for entry in entries]
    assert kinds[kinds.index("end") :] == ["end", "call", "event", "event", "outcome"]

    await branch.house.work(Wake)
    snapshot = await branch.house.snapshot()
    assert snapshot["messages"][-1]["content"] == "It arrived."
    assert "(ok)" in branch.house.models.requests[-1].messages[-1]["content"]


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ((BEGUN, {"state": "failed"}), "error"),
        (({**BEGUN, "state": "settled"},), "ok"),
        (({**BEGUN, "state": "failed"},), "error"),
        ((ToolResult("error", '{"status": 409}'),), "error"),
        ((ToolResult("timed_out", '"no"'),), "timed_out"),
        ((ToolResult("outcome_unknown", '"perhaps"'),), "outcome_unknown"),
        (({"state": "queued"},), "outcome_unknown"),
        ((BEGUN, ToolResult("error", '{"status": 503}'), {"state": "settled"}), "ok"),
        ((BEGUN, {"state": "queued"}), "timed_out"),
        ((BEGUN, ToolResult("timed_out", '"no"')), "timed_out"),
    ],
)
async def test_every_call_comes_to_something(answers: tuple[Any, ...], outcome: str) -> None:
    branch = Branch(Bank(*answers))
    await branch.ask()
    await branch.work(25)
    assert (await branch.outcome())[0] == outcome
    assert branch.house.tool_jobs.sent == []
    assert [name for name, _, _ in branch.bank.asked].count("Withdraw") == 1


class Particular(FakeToolset):
    """Takes no call whose `id` is anything but a text."""

    def check(self, call: ToolCall) -> ToolResult | None:
        return None if isinstance(json.loads(call.arguments)["id"], str) else ToolResult("error", "id must be a text.")


async def test_a_poll_that_can_never_be_sent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    bank = Bank({"data": {"id": ["w1"]}, "state": "queued"})
    monkeypatch.setattr(bank, "operations", lambda app, tools: Particular({tool.name: bank._run for tool in tools}))
    branch = Branch(bank)
    await branch.ask()
    await branch.work()
    assert (await branch.outcome())[0] == "outcome_unknown"
    assert branch.house.tool_jobs.sent == []


async def test_without_steps_the_answer_itself_is_the_outcome() -> None:
    branch = Branch(Bank({"id": 1}), tool=WITHDRAW.model_copy(update={"steps": None}))
    await branch.ask()
    await branch.work()
    assert await branch.outcome() == ("ok", {"id": 1})


@pytest.mark.parametrize("steps", [STEPS, None])
async def test_a_long_result_comes_back_whole_and_the_pending_one_as_it_was(steps: Steps | None) -> None:
    settled = json.dumps({"state": "settled"})
    long = ToolResult("ok", settled, whole=json.dumps({"state": "settled", "rows": "x" * 20_000}))
    branch = Branch(Bank(*([BEGUN] if steps else []), long), tool=WITHDRAW.model_copy(update={"steps": steps}))
    await branch.ask()
    await branch.work(2)
    results = [m["tool_result"][1] for m in (await branch.house.snapshot())["messages"] if m["tool_result"]]
    assert [parsed(result).get("outcome") for result in results] == ["pending", None]
    assert results[1] == long.whole
    assert await branch.outcome() == ("ok", parsed(settled)), "the model reads a part"


async def test_every_job_may_come_twice() -> None:
    soon = {"state": "queued", "note": "Soon."}
    branch = Branch(Bank(BEGUN, soon, soon, soon, soon, soon, soon, {"state": "settled"}))
    await branch.ask()
    for _ in range(6):
        branch.house.tool_jobs.sent = [each for each in branch.house.tool_jobs.sent for _ in range(2)]
        await branch.work()
    assert (await branch.outcome())[0] == "ok"
    assert [name for name, _, _ in branch.bank.asked].count("Withdraw") == 1
    assert (await branch.house.kinds()).count("outcome") == 1
    assert await branch.said() == ["It is queued.", "Soon."]


async def test_two_workers_at_once_send_a_call_once() -> None:
    branch = Branch(Bank(BEGUN, {"state": "settled"}))
    await branch.ask()
    (start,) = branch.house.tool_jobs.take()
    await asyncio.gather(*(branch.another().handle(start) for _ in range(5)))
    assert [name for name, _, _ in branch.bank.asked] == ["Withdraw"]
    await branch.work(10)
    assert (await branch.house.kinds()).count("outcome") == 1


async def test_a_worker_that_died_while_it_sent_leaves_an_unknown_outcome() -> None:
    branch = Branch(Bank(RuntimeError("the process ends here")))
    await branch.ask()
    (start,) = branch.house.tool_jobs.take()
    with pytest.raises(RuntimeError):
        await branch.worker.handle(start)
    await branch.another().handle(start)
    assert "outcome" not in await branch.house.kinds(), "another may still be sending it"
    branch.clock.forward(61)
    await branch.work()
    assert (await branch.outcome())[0] == "outcome_unknown"
    assert len(branch.bank.asked) == 1


class Hasty(FakeToolJobs):
    """A queue that brings a first job before its sender has gone on."""

    worker: ToolWorker | None = None

    async def send(self, job: ToolJob, *, delay: float = 0) -> None:
        await super().send(job, delay=delay)
        if self.worker is not None:
            worker, self.worker = self.worker, None
            self.take()
            await worker.handle(job)


async def test_a_job_that_comes_before_its_call_is_pending_looks_again() -> None:
    jobs = Hasty()
    branch = Branch(Bank(BEGUN, {"state": "settled"}), jobs=jobs)
    jobs.worker = branch.another()
    await branch.ask()
    assert jobs.worker is None
    await branch.work(3)
    assert [name for name, _, _ in branch.bank.asked] == ["Withdraw", "poll"]
    assert (await branch.outcome())[0] == "ok"


async def test_a_job_for_nothing_does_nothing() -> None:
    branch = Branch(Bank(BEGUN))
    await branch.worker.handle(Start(session_id=branch.house.session_id, call_id="call_x"))
    assert (await branch.house.kinds(), branch.house.tool_jobs.sent, branch.bank.asked) == ([], [], [])


async def test_what_was_deleted_is_not_asked_after() -> None:
    branch = Branch(Bank(BEGUN))
    await branch.ask()
    await branch.work()
    await branch.house.sessions.delete(branch.house.session_id)
    await branch.work(3)
    assert len(branch.bank.asked) == 1
    assert branch.house.tool_jobs.sent == []


async def test_a_call_that_is_interrupted_before_it_is_begun_is_never_sent() -> None:
    branch = Branch(Bank(BEGUN), says("Then not."))
    await branch.ask()
    await branch.interrupt()
    await branch.work(2)
    assert branch.bank.asked == []
    assert (await branch.outcome())[0] == "interrupted"
    assert branch.house.tool_jobs.sent == []
    at = {entry.kind: entry.at for entry in (await branch.house.log()).entries}
    assert at["outcome"] - at["interrupt"] >= 1000 * (QUICK.interrupt + QUICK.clocks), (
        "who interrupted is answered first"
    )


async def test_an_interrupt_while_a_worker_begins_a_call_is_not_overlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    branch = Branch(Bank(BEGUN), says("Then not."))
    await branch.ask()
    table = branch.house.table
    assert table is not None
    put = table.put

    async def after_an_interrupt(session_id: str, entry: Entry, beside: Beside, lifetime: Lifetime) -> None:
        if entry.kind == "call":
            monkeypatch.undo()
            await branch.interrupt()
        await put(session_id, entry, beside, lifetime)

    monkeypatch.setattr(table, "put", after_an_interrupt)
    await branch.work(3)
    assert branch.bank.asked == []
    assert (await branch.outcome())[0] == "interrupted"


async def test_an_interrupt_after_it_was_begun_leaves_it_to_its_end() -> None:
    branch = Branch(Bank(BEGUN, {"state": "settled"}), says("It arrived."))
    await branch.ask()
    await branch.work()
    await branch.interrupt()
    await branch.work()
    assert (await branch.outcome())[0] == "ok"


async def test_what_comes_later_is_a_system_event_in_one_snapshot() -> None:
    branch = Branch(Bank(BEGUN, {"state": "settled", "fee": 2}), says("It arrived."), says("Hello."))
    await branch.ask()
    assert (await branch.house.snapshot())["system_events"] == []
    (start,) = await branch.work()
    await branch.work()
    event = {
        "AsyncCallback": {
            "name": "Withdraw", "call_id": start.call_id, "result": {"state": "settled", "fee": 2}, "status": "success",
        }
    }  # fmt: skip
    log = await branch.house.log()
    (entry,) = [each for each in log.entries if each.kind == "outcome"]
    told = update_events(log.living, entry, fold(each for each in log.entries if each.number < entry.number), 0)
    session = {"session_id": branch.house.session_id}
    assert [each["type"] for each in told] == ["async_tool_result", "tool_complete", "system_event", "state_changed"]
    assert told[2] == {"type": "system_event", "event": event, **session}
    await branch.house.work(Wake)
    assert (await branch.house.snapshot())["system_events"] == [event], "a turn has ended since"
    assert (await branch.house.snapshot())["system_events"] == []
    await branch.house.stream("Hello")
    assert (await branch.house.snapshot())["system_events"] == []
    assert await branch.house.another().sessions.events(branch.house.session_id, 10) == [event]


async def test_a_poll_that_says_nothing_is_not_told() -> None:
    branch = Branch(Bank(BEGUN, {"other": 1}, ToolResult("ok", "garbage"), {"state": "settled"}))
    await branch.ask()
    await branch.work(4)
    assert await branch.said() == ["It is queued."]
    assert (await branch.outcome())[0] == "ok"


async def test_a_tool_that_is_gone_is_told() -> None:
    branch = Branch(Bank(BEGUN), tool=http_tool(name="Other"))
    await branch.ask()
    await branch.work()
    (entry,) = [entry for entry in (await branch.house.log()).entries if entry.kind == "outcome"]
    assert [result.outcome for result in results_of(entry.body)] == ["error"]
    assert branch.bank.asked == []


async def test_a_call_that_waits_for_approval_waits_first_and_then_for_its_steps() -> None:
    branch = Branch(Bank(BEGUN, {"state": "settled"}), says("It was begun."), says("It arrived."), confirm=True)
    await branch.ask()
    assert branch.house.tool_jobs.sent == []
    await branch.house.post("tool_approval_response", approved=True)
    await branch.house.work(Wake)
    await branch.work(2)
    await branch.house.work(Wake)
    assert [name for name, _, _ in branch.bank.asked] == ["Withdraw", "poll"]
    assert (await branch.house.snapshot())["messages"][-1]["content"] == "It arrived."


@pytest.mark.parametrize("body", ["", "{}", '{"v": "1", "kind": "start", "session_id": "s", "call_id": "c"}', "[]"])
def test_a_message_that_is_not_ours_is_refused(body: str) -> None:
    with pytest.raises(NotOurs):
        parse_tool_job(body)
