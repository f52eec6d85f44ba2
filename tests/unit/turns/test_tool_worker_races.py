"""The tool worker beside others: repeated jobs, two workers, crashes and interrupts."""

from __future__ import annotations

import asyncio

import pytest

from attache.sessions.entries import Entry
from attache.sessions.head import Lifetime
from attache.sessions.table import Beside
from attache.turns.tool_jobs import Start, ToolJob
from attache.turns.tool_worker import ToolWorker
from tests.fakes.models import says
from tests.fakes.tool_jobs import FakeToolJobs
from tests.unit.turns.bank import BEGUN, Bank, Branch
from tests.unit.turns.harness import QUICK


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
