"""The tool worker: calls with steps and without, from the call to their outcome."""

from __future__ import annotations

import json
from typing import Any

import pytest

from attache.sessions.entries import results_of
from attache.sessions.events import update_events
from attache.sessions.shown_results import parsed
from attache.sessions.view import fold
from attache.tools.http_tool import Steps
from attache.tools.tool import ToolCall, ToolResult
from attache.turns.tool_jobs import Poll, Start, parse_tool_job
from attache.turns.wakeups import Wake
from attache.wire.deliveries import NotOurs
from tests.fakes.models import says
from tests.fakes.toolset import FakeToolset
from tests.unit.tools.tools import http_tool
from tests.unit.turns.bank import BEGUN, STEPS, WITHDRAW, Bank, Branch


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
    begun, *polls = branch.bank.asked
    assert begun == ("Withdraw", call_id, {"amount": 5})
    assert [(name, arguments) for name, _, arguments in polls] == [("poll", {"id": "w1"})] * 2
    keys = {key for _, key, _ in polls}
    assert len(keys - {call_id}) == 2, "no Idempotency-Key is used for two requests"
    assert all(key.startswith(call_id) for key in keys)
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
