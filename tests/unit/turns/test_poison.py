"""Jobs that cannot be done: their sessions are told, and nobody waits for ever."""

from __future__ import annotations

import json
from collections.abc import Callable
from traceback import format_exception
from types import SimpleNamespace
from typing import Any, cast

import pytest

from attache.errors import Unavailable
from attache.sessions.entries import End, Event
from attache.sessions.events import update_events
from attache.sessions.view import fold
from attache.turns.tool_jobs import Poll, Start, parse_tool_job
from attache.turns.wakeups import Guard, HandOver, Job, Purge, Summarize, Title, Wake, parse_job
from attache.wire.deliveries import MOST_TRIES, AnotherVersion, GivenUp, NotOurs
from attache.wiring import Services
from functions.tools.jobs import do_tool_job
from functions.turns.jobs import do_job
from tests.fakes.models import FakeModels, says
from tests.unit.turns.bank import BEGUN, Bank, Branch
from tests.unit.turns.harness import House


def wired(**parts: Any) -> Services:
    return cast(Services, SimpleNamespace(**parts))


class Broken:
    """A worker none of whose jobs can be done."""

    def __init__(self, error: Exception, worker: Any) -> None:
        self.error = error
        self.given_up: list[Job] = []
        self._worker = worker

    async def handle(self, job: Job, deadline: int | None = None) -> None:
        raise self.error

    async def give_up(self, job: Job) -> None:
        self.given_up.append(job)
        await self._worker.give_up(job)


async def pending() -> tuple[Branch, Start]:
    """A house whose call is pending, and the job that has yet to begin it."""
    branch = Branch(Bank(BEGUN, {"state": "settled"}), says("It failed."))
    await branch.ask()
    (job,) = branch.house.tool_jobs.take()
    assert isinstance(job, Start)
    return branch, job


async def told(branch: Branch) -> tuple[str, list[dict[str, Any]]]:
    """What the call came to, and the system events beside the one that says so."""
    await branch.house.work(Wake)
    snapshot = await branch.house.snapshot()
    assert snapshot["messages"][-1]["content"] == "It failed."
    outcome, text = await branch.outcome()
    callback, *others = snapshot["system_events"]
    assert (callback["AsyncCallback"]["status"], callback["AsyncCallback"]["result"]) == ("error", text)
    return outcome, others


NOTICE = {"SystemNotice": "Withdraw could not be finished."}


async def test_a_job_at_its_last_try_tells_the_session_and_sends_nothing() -> None:
    branch, job = await pending()
    with pytest.raises(GivenUp):
        await do_tool_job(wired(tool_worker=branch.worker), job.model_dump_json(), MOST_TRIES)
    assert await told(branch) == ("error", [NOTICE])
    assert branch.bank.asked == []
    await do_tool_job(wired(tool_worker=branch.worker), job.model_dump_json(), 1)
    assert branch.bank.asked == [], "moved back to its queue, it finds that the user knows"


async def test_what_was_sent_has_an_unknown_outcome() -> None:
    branch, job = await pending()
    await branch.worker.handle(job)
    (poll,) = branch.house.tool_jobs.take()
    assert isinstance(poll, Poll)
    with pytest.raises(GivenUp):
        await do_tool_job(wired(tool_worker=branch.worker), poll.model_dump_json(), MOST_TRIES)
    assert await told(branch) == ("outcome_unknown", [NOTICE])
    assert "was begun" in (await branch.outcome())[1]


async def test_what_the_user_stopped_before_it_was_begun_is_not_said_to_have_been_sent() -> None:
    branch, job = await pending()
    await branch.interrupt()
    with pytest.raises(GivenUp):
        await do_tool_job(wired(tool_worker=branch.worker), job.model_dump_json(), MOST_TRIES)
    outcome, text = await branch.outcome()
    assert (outcome, "nothing was sent" in text, branch.bank.asked) == ("interrupted", True, [])


@pytest.mark.parametrize("change", [{"v": "1"}, {"kind": "repeat"}, {"more": 1}])
async def test_a_message_that_is_not_ours_and_names_a_call_is_told_at_once(change: dict[str, Any]) -> None:
    branch, job = await pending()
    body = json.dumps(job.model_dump() | change)
    for tries in range(1, MOST_TRIES + 1):
        with pytest.raises(NotOurs):
            await do_tool_job(wired(tool_worker=branch.worker), body, tries)
    assert await told(branch) == ("error", [NOTICE])


async def test_a_message_of_another_version_is_left_to_that_and_told_in_the_end() -> None:
    branch, job = await pending()
    body = json.dumps(job.model_dump() | {"v": 2, "more": 1})
    for tries in range(1, MOST_TRIES + 1):
        assert "outcome" not in await branch.house.kinds()
        with pytest.raises(AnotherVersion):
            await do_tool_job(wired(tool_worker=branch.worker), body, tries)
    assert await told(branch) == ("error", [NOTICE])


@pytest.mark.parametrize(
    "body",
    ["", "not ours", "[]", "null", '{"v": 1}', '{"session_id": 1, "call_id": 2}', "\ud83d", '{"session_id": ""}'],
)
@pytest.mark.parametrize("do", [do_job, do_tool_job])
async def test_a_message_that_names_nothing_is_none_of_ours(do: Any, body: str) -> None:
    branch, _ = await pending()
    with pytest.raises(NotOurs):
        await do(wired(worker=branch.house.worker, tool_worker=branch.worker), body)
    assert (await branch.house.kinds())[-1] == "end"


@pytest.mark.parametrize("session_id", ["there-is-none", "x" * 64])
async def test_a_job_of_a_session_that_is_not_there_is_done(session_id: str) -> None:
    """As it is with every guard of a session that was deleted: nothing is wrong with it."""
    branch, _ = await pending()
    services = wired(worker=branch.house.worker, tool_worker=branch.worker)
    for tries in (1, MOST_TRIES):
        await do_tool_job(services, Start(session_id=session_id, call_id="c").model_dump_json(), tries)
        await do_job(services, Wake(session_id=session_id).model_dump_json(), tries)


@pytest.mark.parametrize("error", [Unavailable("no"), ValueError("a bug")])
async def test_a_turn_that_nobody_could_begin_ends_as_failed(error: Exception) -> None:
    house = House(FakeModels([]))
    await house.chats.answer(house.request("Hello"), 0)
    worker = Broken(error, house.worker)
    body = Wake(session_id=house.session_id).model_dump_json()
    for tries in range(1, MOST_TRIES):
        with pytest.raises(type(error)):
            await do_job(wired(worker=worker), body, tries)
    assert (await house.snapshot())["is_processing"] is True
    with pytest.raises(GivenUp):
        await do_job(wired(worker=worker), body, MOST_TRIES)
    snapshot = await house.snapshot()
    assert snapshot["is_processing"] is False
    (event,) = snapshot["system_events"]
    assert snapshot["messages"][-1]["content"] == event["SystemError"]


async def test_the_messages_behind_one_that_failed_get_their_turn() -> None:
    house = House(FakeModels([says("Hello.")]))
    for message in ("One", "Two"):
        await house.chats.answer(house.request(message), 0)
    house.wakeups.sent.clear()
    await house.worker.give_up(Wake(session_id=house.session_id))
    await house.work(Wake)
    ends = [entry.body.status for entry in (await house.log()).entries if isinstance(entry.body, End)]
    assert ends == ["failed", "done"]


@pytest.mark.parametrize("job", [Wake(session_id="s"), Purge(session_id="s", tag="t"), Title(session_id="s", tag="t")])
async def test_where_nothing_waits_nothing_is_told(job: Job) -> None:
    house = House(FakeModels([says("Hello.")]))
    await house.stream()
    kinds = await house.kinds()
    await house.worker.give_up(job.model_copy(update={"session_id": house.session_id}))
    assert await house.kinds() == kinds


@pytest.mark.parametrize("kind", [Purge, Title, Summarize])
async def test_a_message_that_waits_does_not_end_for_a_job_that_is_no_turn(
    kind: type[Purge | Title | Summarize],
) -> None:
    house = House(FakeModels([says("Hello.")]))
    await house.chats.answer(house.request("Hi"), 0)
    await house.worker.give_up(kind(session_id=house.session_id, tag="t"))
    assert await house.kinds() == ["user"]


@pytest.mark.parametrize("kind", [Guard, HandOver])
async def test_a_runner_that_lives_is_left_alone(kind: type[Guard | HandOver]) -> None:
    house = House(FakeModels([says("Hello ", 0.2, "there")]))
    events = await house.chats.stream(house.request())
    running = (await house.log()).view.running
    assert running is not None
    await house.another().worker.give_up(kind(session_id=house.session_id, runner=running.runner))
    assert [event.data["type"] async for event in events if event.data][-1] == "complete"


def test_a_job_names_its_session() -> None:
    for session_id in ("", "x" * 65):
        with pytest.raises(NotOurs):
            parse_job(json.dumps({"v": 1, "kind": "wake", "session_id": session_id}))


async def test_what_could_not_be_finished_is_told_on_updates_too() -> None:
    branch, job = await pending()
    await branch.worker.give_up(job.session_id, job.call_id)
    log = await branch.house.log()
    (entry,) = [each for each in log.entries if isinstance(each.body, Event) and each.body.what == "notice"]
    before = fold(each for each in log.entries if each.number < entry.number)
    (event,) = update_events(log.living, entry, before, 0)
    assert event == {"type": "system_notice", "message": NOTICE["SystemNotice"], "session_id": job.session_id}


@pytest.mark.parametrize("parse", [parse_job, parse_tool_job])
@pytest.mark.parametrize(
    "body",
    [
        "MINE",
        '"MINE"',
        '{"v": 1, "session_id": "MINE"',
        '{"v": 1, "kind": "other", "session_id": "MINE"}',
        '{"v": 1, "kind": "poll", "session_id": "MINE", "arguments": {"id": "MINE"}, "until": 1}',
        '{"v": 1, "kind": "guard", "session_id": "MINE", "MORE": {"id": "MINE"}}',
    ],
)
def test_what_a_refused_message_says_is_in_no_error(parse: Callable[[str], object], body: str) -> None:
    """Errors are logged with their causes: the words of a message may be a session's id, or what an API answered."""
    with pytest.raises(NotOurs) as refused:
        parse(body)
    assert "MINE" not in "".join(format_exception(refused.value))
