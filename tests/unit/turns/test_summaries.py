"""What leaves the window is summarised in blocks; prompt and summary meet without gap or overlap."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from attache.apps.app import ModelChoice
from attache.errors import Unavailable
from attache.models.catalogue import Catalogue
from attache.models.model import ModelFailed, ModelRequest
from attache.models.own_keys import OwnKeys
from attache.sessions.entries import CallAsked, End, Entry, Event, Interrupt, User
from attache.sessions.head import DAY
from attache.sessions.history import Part, StepMade, SystemMessage, TurnMade, Unanswered
from attache.sessions.summary import MOST_BYTES, Summary
from attache.sessions.table import Settled
from attache.turns.prompt import SO_FAR, told
from attache.turns.summaries import (
    BLOCKS,
    MOST_TURNS,
    RECORD,
    SINCE,
    TASK,
    Blocks,
    leaving,
    summary_of,
    summary_request,
)
from attache.turns.wakeups import Summarize, Wake, parse_job
from attache.turns.window import meets, unsummarized
from tests.fakes.clock import FakeClock
from tests.fakes.models import FakeModels, Says, asks, says
from tests.fakes.session_table import FakeSessionTable
from tests.fakes.toolset import FakeToolset, answers
from tests.fakes.wakeups import FakeWakeups
from tests.unit.models.test_own_keys import KEY, FakeKeys
from tests.unit.turns.harness import APP, House, types
from tests.unit.turns.test_fitting import FakeWindows

SMALL = Blocks(full=8, kept=4)  # 4 turns, of which 2 stay
UNAVAILABLE = ModelFailed("It is down.", code="provider_unavailable", retryable=True)
NAME = re.compile(r"\bm\d+\b")


def is_summing(request: ModelRequest) -> bool:
    return bool(request.messages[0]["content"] == TASK)


def names(request: ModelRequest) -> list[str]:
    """The messages that a request shows, in a summary or word for word, in their order; `m1`, `m2` are their texts."""
    return [name for message in request.messages[1:] for name in NAME.findall(str(message["content"]))]


def keeps_names(request: ModelRequest) -> Says:
    """A model whose summaries are the messages that it has been shown."""
    return says(" ".join(names(request))) if is_summing(request) else says("Yes.")


def house(reply: Callable[[ModelRequest], Says] = keeps_names, **more: Any) -> House:
    return House(FakeModels(reply), blocks=SMALL, **more)


async def chat(house: House, first: int, last: int, *, work: bool = True) -> None:
    for number in range(first, last + 1):
        await house.another().stream(f"m{number}")
        if work:
            await house.another().work(Summarize)


def asked(house: House) -> list[ModelRequest]:
    return [request for request in house.models.requests if not is_summing(request)]


def summed(house: House) -> list[ModelRequest]:
    return [request for request in house.models.requests if is_summing(request)]


async def summary(house: House) -> Summary | None:
    return (await house.log()).known.summary


def opening(request: ModelRequest) -> str:
    return str(request.messages[1]["content"])


async def test_every_prompt_shows_every_turn_once_in_its_order() -> None:
    shop = house()
    await chat(shop, 1, 60)
    for number, request in enumerate(asked(shop), 1):
        assert names(request) == [f"m{earlier}" for earlier in range(1, number + 1)]
        assert len(request.messages) <= 2 + SMALL.full
    for request in summed(shop):
        found = names(request)
        assert found == [f"m{earlier}" for earlier in range(1, len(found) + 1)]


async def test_a_summary_is_made_of_the_one_before_and_of_what_has_left_since() -> None:
    shop = house()
    await chat(shop, 1, 7)
    first, second, *_ = summed(shop)
    assert first.messages[1]["content"].startswith(f"{RECORD}\n(There is none yet.)\n\n{SINCE}\nUser: m1\nAssistant")
    assert second.messages[1]["content"].startswith(f"{RECORD}\nm1 m2\n\n{SINCE}\nUser: m3\n")


async def test_blocks_leave_together_and_prompts_begin_alike_between() -> None:
    shop = House(FakeModels(keeps_names))
    await chat(shop, 1, 60)
    assert len(summed(shop)) == 6
    beginnings = [str(request.messages[:2]) for request in asked(shop)]
    assert len(set(beginnings)) == 1 + len(summed(shop))
    assert max(len(request.messages) for request in asked(shop)) <= 2 + BLOCKS.full + 1


async def test_a_short_conversation_asks_for_no_summary() -> None:
    shop = House(FakeModels(keeps_names))
    await chat(shop, 1, BLOCKS.full // 2 - 1, work=False)
    assert shop.wakeups.take(Summarize) == []
    await chat(shop, 0, 0, work=False)
    assert len(shop.wakeups.take(Summarize)) == 1


async def test_the_summary_is_labelled_and_stands_behind_preamble_and_user_state() -> None:
    shop = house()
    await chat(shop, 1, 4)
    await shop.stream("m5", user_state={"address": "0xab"})
    system, record = shop.models.requests[-1].messages[:2]
    assert system["role"] == "system"
    assert "0xab" in system["content"]
    assert record == {"role": "user", "content": f"{SO_FAR}\nm1 m2"}


async def test_a_warm_container_sees_a_summary_that_another_made() -> None:
    shop = house()
    for number in range(1, 5):
        await shop.stream(f"m{number}")
    await shop.another().work(Summarize)
    await shop.stream("m5")
    assert opening(shop.models.requests[-1]).endswith("m1 m2")
    assert names(shop.models.requests[-1]) == ["m1", "m2", "m3", "m4", "m5"]


async def test_the_cheap_model_writes_it_on_the_account_of_who_asked_last() -> None:
    models = ModelChoice(default="claude-sonnet", title="gpt-4o-mini")
    shop = house(app=APP.model_copy(update={"models": models}))
    await chat(shop, 1, 3)
    await shop.stream("m4", key_id="k4")
    await shop.another().work(Summarize)
    assert [request.model for request in summed(shop)] == ["gpt-4o-mini"]
    assert (shop.usage.rows[-1].model, shop.usage.rows[-1].key_id) == ("gpt-4o-mini", "k4")


async def test_a_users_own_key_pays_where_their_client_asked_last() -> None:
    models = ModelChoice(default="claude-sonnet", title="gpt-4o-mini")
    app = APP.model_copy(update={"models": models})
    shop = house(app=app, own_keys=OwnKeys(Catalogue.read(), FakeKeys()))
    for client_id in ("alice", "alice", "alice", "bob", "bob", "alice"):
        await shop.another().stream("m1", client_id=client_id)
        await shop.another().work(Summarize)
    assert [request.api_key for request in summed(shop)] == [None, KEY]


async def test_a_job_that_comes_again_changes_nothing_and_asks_nobody() -> None:
    shop = house()
    await chat(shop, 1, 4, work=False)
    job = shop.wakeups.take(Summarize)[0]
    for _ in range(3):
        await shop.another().worker.handle(job)
    assert len(summed(shop)) == 1
    assert await summary(shop) == Summary(1, (await shop.log()).entries[-1].number // 2, "m1 m2")


async def test_of_jobs_side_by_side_one_summary_stays() -> None:
    replies = iter(["first", "second", "third"])
    shop = house(lambda request: says(0.02, next(replies)) if is_summing(request) else says("Yes."))
    await chat(shop, 1, 4, work=False)
    job = shop.wakeups.take(Summarize)[0]
    await asyncio.gather(*(shop.another().worker.handle(job) for _ in range(3)))
    kept = await summary(shop)
    assert kept is not None
    await shop.stream("m5")
    assert opening(shop.models.requests[-1]).endswith(kept.text)
    assert names(shop.models.requests[-1]) == ["m3", "m4", "m5"]


async def test_a_late_job_that_goes_less_far_is_dropped() -> None:
    free = asyncio.Event()
    slow = iter([says(free, "old")])

    def reply(request: ModelRequest) -> Says:
        return next(slow, keeps_names(request)) if is_summing(request) else says("Yes.")

    shop = house(reply)
    await chat(shop, 1, 4, work=False)
    late = asyncio.create_task(shop.another(timings=replace(shop.timings, summary=9)).work(Summarize))
    await asyncio.sleep(0.01)
    await chat(shop, 5, 6)
    further = await summary(shop)
    free.set()
    await late
    assert further is not None
    assert further.text == "m1 m2 m3"
    assert await summary(shop) == further


async def test_a_session_made_again_sees_nothing_of_the_old_ones_summary_nor_of_its_jobs() -> None:
    shop = house()
    await chat(shop, 1, 8, work=False)
    job = shop.wakeups.take(Summarize)[0]
    await shop.another().worker.handle(job)
    await shop.sessions.delete(shop.session_id)
    await shop.another().stream("m21")
    assert names(shop.models.requests[-1]) == ["m21"]
    await shop.another().worker.handle(job)
    await chat(shop, 22, 25)
    assert names(shop.models.requests[-1])[:2] == ["m21", "m22"]
    assert {name for request in asked(shop)[8:] for name in names(request)}.isdisjoint(f"m{n}" for n in range(1, 9))


async def test_a_session_that_is_deleted_while_the_model_thinks_keeps_no_summary() -> None:
    shop = house(lambda request: says(0.05, "late") if is_summing(request) else says("Yes."))
    await chat(shop, 1, 4, work=False)
    working = asyncio.create_task(shop.another().work(Summarize))
    await asyncio.sleep(0.02)
    log = await shop.log()
    await shop.sessions.delete(shop.session_id)
    await working
    await shop.sessions.purge(shop.session_id, log.living.tag)
    assert shop.table is not None
    reading = await shop.table.newest(shop.session_id)
    assert (reading.head, reading.summary, len(reading.entries)) == (None, None, 1)


@pytest.mark.parametrize("failing", [says(UNAVAILABLE), says("half", UNAVAILABLE), says(asyncio.Event()), says(" \n")])
async def test_a_model_that_fails_costs_the_summary_and_is_asked_again_later(failing: Says) -> None:
    shop = house(lambda request: failing if is_summing(request) else says("Yes."))
    await chat(shop, 1, 4)
    for tries, delay in enumerate(shop.timings.summary_again, 1):
        [(job, later)] = [(job, wait) for job, wait in shop.wakeups.sent if isinstance(job, Summarize)]
        assert (job.tries, later) == (tries, delay)
        await shop.another().work(Summarize)
    assert shop.wakeups.take(Summarize) == []
    assert await summary(shop) is None
    assert types(await shop.another().stream("m5"))[-1] == "complete"
    assert names(shop.models.requests[-1]) == ["m1", "m2", "m3", "m4", "m5"]


async def test_a_model_that_refuses_is_asked_again_after_the_next_turn_only() -> None:
    refused = ModelFailed("There is no key.", code="provider_refused", retryable=False)
    shop = house(lambda request: says(refused) if is_summing(request) else says("Yes."))
    await chat(shop, 1, 4)
    assert shop.wakeups.take(Summarize) == []
    await chat(shop, 5, 5, work=False)
    assert len(shop.wakeups.take(Summarize)) == 1


async def test_where_the_summary_lags_the_window_leaves_out_what_does_not_fit_and_it_catches_up_by_and_by() -> None:
    down = True

    def reply(request: ModelRequest) -> Says:
        return says(UNAVAILABLE) if down and is_summing(request) else keeps_names(request)

    shop = House(FakeModels(reply))
    await chat(shop, 1, 60)
    assert names(asked(shop)[-1]) == [f"m{number}" for number in range(41, 61)]
    down = False
    shop.wakeups.take(Summarize)
    await chat(shop, 61, 64)
    await shop.another().stream("m65")
    assert names(shop.models.requests[-1]) == [f"m{n}" for n in range(1, 66)]


async def test_more_than_one_block_is_summarised_a_block_at_a_time() -> None:
    shop = House(FakeModels(keeps_names))
    await chat(shop, 1, 60, work=False)
    shop.wakeups.sent = shop.wakeups.sent[-1:]
    job = shop.wakeups.take(Summarize)[0]
    for block in (24, 48, 48):
        await shop.another().worker.handle(job)
        kept = await summary(shop)
        assert kept is not None
        assert NAME.findall(kept.text) == [f"m{n}" for n in range(1, block + 1)]


async def test_turns_that_take_most_of_what_the_model_reads_leave_before_there_are_many() -> None:
    words = "word " * 1_000
    windows = FakeWindows(6_000)
    shop = House(FakeModels(keeps_names), windows=windows)
    for number in range(1, 13):
        await shop.another().stream(f"m{number} {words}")
        await shop.another().work(Summarize)
        assert names(asked(shop)[-1]) == [f"m{earlier}" for earlier in range(1, number + 1)]
    assert 3 <= len(summed(shop)) <= 5


async def test_calls_leave_with_their_results_and_the_summary_is_made_of_what_the_prompt_shows() -> None:
    steps = FakeToolset({"Look": answers('{"price": 3}')})

    def reply(request: ModelRequest) -> Says:
        if is_summing(request):
            return keeps_names(request)
        return says("Done.") if request.messages[-1]["role"] == "tool" else asks(("Look", '{"what": "ETH"}'))

    shop = house(reply, toolset=steps)
    await chat(shop, 1, 9)
    for request in asked(shop):
        calls = [call["id"] for message in request.messages for call in message.get("tool_calls", ())]
        assert [m["tool_call_id"] for m in request.messages if m["role"] == "tool"] == calls
    assert (
        'User: m1\nAssistant called Look: {"what": "ETH"}\nLook answered: {"price": 3}\nAssistant: Done.\nUser: m2'
    ) in summed(shop)[0].messages[1]["content"]


async def test_a_turn_in_a_worker_asks_for_it_as_well() -> None:
    shop = house()
    await chat(shop, 1, 3)
    await shop.another().chats.answer(shop.request("m4"), wait=0)
    await shop.another().work(Wake)
    assert len(shop.wakeups.take(Summarize)) == 1


class DeafQueue(FakeWakeups):
    async def summarize(self, session_id: str, tag: str, *, delay: float = 0, tries: int = 0) -> None:
        raise Unavailable("The queue takes nothing.")


async def test_a_queue_that_takes_no_job_costs_the_summary_only() -> None:
    shop = house(wakeups=DeafQueue())
    for number in range(1, 6):
        assert types(await shop.another().stream(f"m{number}"))[-1] == "complete"


async def test_an_app_that_is_gone_gets_no_summary() -> None:
    shop = house()
    await chat(shop, 1, 4, work=False)
    await shop.another(app=APP.model_copy(update={"name": "other"})).work(Summarize)
    assert await summary(shop) is None


async def test_it_lives_as_long_as_the_head() -> None:
    clock = FakeClock()
    shop = house(clock=clock)
    await chat(shop, 1, 4)
    clock.forward(APP.retention_days * DAY + 7 * DAY - 1)
    assert await summary(shop) is not None
    clock.forward(2)
    log = await shop.log()
    assert (log.head, log.known.summary) == (None, None)


class UnsettledTable(FakeSessionTable):
    async def settle(self, session_id: str, settled: Settled) -> None:
        raise Unavailable("The table does not answer.")


async def test_what_comes_when_all_is_expired_but_the_summary_is_counted_on_from_there() -> None:
    clock = FakeClock()
    shop = house(clock=clock, table=UnsettledTable(clock))
    await chat(shop, 1, 4)
    kept = await summary(shop)
    assert kept is not None
    clock.forward((APP.retention_days + 1) * DAY)
    await chat(shop, 5, 6)
    assert (await shop.log()).entries[0].number == kept.upto + 1
    assert names(asked(shop)[-1]) == ["m1", "m2", "m5", "m6"]


def test_a_job_is_what_it_was_on_the_queue() -> None:
    job = Summarize(session_id="s", tag="0a1b2c3d", tries=1)
    assert parse_job(job.model_dump_json()) == job
    first = parse_job('{"session_id": "s", "tag": "0a1b2c3d", "kind": "summarize"}')
    assert first == job.model_copy(update={"tries": 0})


def entry(number: int, body: User | End | Event | Interrupt) -> Entry:
    return Entry(number, 0, f"a.{number}", body)


def turn(number: int, end: int | None) -> TurnMade:
    ended = entry(end, End("done", "yes")) if end else None
    return TurnMade(entry(number, User(f"m{number}", runner="a")), end=ended)


def test_what_ended_by_the_same_entry_leaves_with_it_wherever_it_stands() -> None:
    said = SystemMessage(entry(3, Event("message", {"text": "hi"})), "hi")
    withdrawn, later = Unanswered(entry(2, User("m2")), withdrawn=4), Unanswered(entry(5, User("m5")), withdrawn=9)
    parts: list[Part] = [turn(1, 6), said, withdrawn, later, turn(7, 8), turn(10, None)]
    gone = leaving(parts, 3)
    assert gone is not None
    assert (gone.upto, list(gone.parts)) == (6, [parts[0], said, withdrawn])
    assert leaving(parts, 6) is None
    assert leaving([said, turn(10, None)], 1) is None


def test_the_turn_that_runs_never_leaves() -> None:
    gone = leaving([turn(1, 2), turn(3, None)], 0)
    assert gone is not None
    assert gone.upto == 2


def test_no_more_leave_at_once_than_can_be_told() -> None:
    gone = leaving([turn(2 * n + 1, 2 * n + 2) for n in range(100)], 10)
    assert gone is not None
    assert len(gone.parts) == MOST_TURNS


def test_what_a_client_says_beside_the_conversation_does_not_keep_turns_from_leaving() -> None:
    said: list[Part] = [SystemMessage(entry(n, Event("message", {"text": "hi"})), "hi") for n in range(1, 50)]
    gone = leaving([*said, turn(50, 51), turn(52, 53)], 1)
    assert gone is not None
    assert (gone.upto, len(gone.parts)) == (51, 50)


def test_what_waited_where_a_summary_ends_is_read_back_to() -> None:
    log = (
        entry(1, User("m1", runner="a")), entry(2, User("m2")), entry(3, User("m3")),
        entry(4, End("done", "yes", waiting=(2, 3))), entry(5, Interrupt()),
    )  # fmt: skip
    summary = Summary(1, 4, "m1")
    assert [meets(log[first:], summary) for first in range(5)] == [True, True, False, False, False]
    assert not meets(log, None)
    assert [part.cause.number for part in unsummarized(log[1:], summary) if isinstance(part, Unanswered)] == [2, 3]


@pytest.mark.parametrize(
    ("answer", "text"),
    [("  so far \n", "so far"), ("", ""), ("a\ud83db", "ab"), ("é" * 9_000, "é" * (MOST_BYTES // 2))],
)
def test_a_summary_is_taken_as_it_can_be_kept(answer: str, text: str) -> None:
    assert summary_of(answer) == text


@pytest.mark.parametrize("length", [10, 3_000, 300_000])
def test_long_messages_are_told_in_excerpts(length: int) -> None:
    asked = CallAsked("c1", "Look", "{}")
    cause, step = entry(1, User("é" * length, runner="a")), StepMade(2, 0, "yes", (asked,))
    long = TurnMade(cause, [step], end=entry(3, End("done")))
    request = summary_request("m", None, told([long] * 24), 60_000)
    shown = request.messages[1]["content"]
    assert len(shown.encode()) < 60_200
    assert shown.count("User: é") == 24
    assert ("characters left out" in shown) == (length > 3_000 or length * 48 > 60_000)
