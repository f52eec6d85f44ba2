"""Naming a conversation after its first answer."""

from __future__ import annotations

import asyncio

import pytest

from attache.apps.app import ModelChoice
from attache.clock import Clock
from attache.errors import Unavailable
from attache.models.model import ModelFailed, ModelRequest
from attache.tools.toolsets import LaterToolset
from attache.turns.answering import Answer
from attache.turns.successors import NAMED_WITHIN
from attache.turns.titles import FIRST_WORDS, MOST_CHARACTERS, TASK, first_words, title_of
from attache.turns.wakeups import Title, Wake, parse_job
from tests.fakes.clock import FakeClock
from tests.fakes.models import FakeModels, Says, asks, says
from tests.fakes.toolset import FakeToolset, answers
from tests.fakes.wakeups import FakeWakeups
from tests.unit.turns.harness import APP, House, types
from tests.unit.turns.test_rivals import RivalledTable
from tests.unit.turns.test_updates import collected, updates

REFUSED = ModelFailed("There is no key.", code="provider_refused", retryable=False)


def is_naming(request: ModelRequest) -> bool:
    return bool(request.messages[0]["content"] == TASK)


def named(title: Says) -> FakeModels:
    """Models that answer `It is 3.`, and this where they are asked for a title."""
    return FakeModels(lambda request: title if is_naming(request) else says("It is 3."))


async def title(house: House) -> tuple[str, str]:
    head = (await house.log()).living
    return head.title, head.title_by


async def test_the_model_names_a_conversation_after_its_first_answer() -> None:
    house = House(named(says("The price", " of ETH")))
    await house.stream("What is ETH?")
    assert await title(house) == ("New chat", "default")
    await house.another().work(Title)
    assert await title(house) == ("The price of ETH", "model")
    assert (await house.snapshot())["title"] == "The price of ETH"
    request = house.models.requests[-1]
    assert (request.model, request.tools) == ("claude-sonnet", ())
    assert request.messages[1]["content"] == "User: What is ETH?\n\nAssistant: It is 3."
    assert [row.model for row in house.usage.rows] == ["claude-sonnet"] * 2


async def test_one_job_is_sent_for_a_session_and_none_for_later_turns() -> None:
    house = House(named(says("ETH")))
    await house.stream("one")
    assert len(house.wakeups.take(Title)) == 1
    await house.stream("two")
    await house.another().stream("three")
    assert house.wakeups.take(Title) == []


async def test_a_job_that_was_lost_is_sent_again_after_a_later_answer() -> None:
    clock = FakeClock()
    house = House(named(says("ETH")), clock=clock)
    await house.stream("one")
    assert len(house.wakeups.take(Title)) == 1
    clock.forward(NAMED_WITHIN / 1000 + 1)
    await house.another().stream("two")
    await house.another().work(Title)
    assert await title(house) == ("ETH", "model")
    clock.forward(NAMED_WITHIN / 1000 + 1)
    await house.another().stream("three")
    assert house.wakeups.take(Title) == []


async def test_no_job_is_sent_where_the_user_named_the_session_before() -> None:
    house = House(named(says("ETH")))
    await house.sessions.create(house.session_id, None)
    await house.sessions.rename(house.session_id, "Mine")
    await house.stream("one")
    assert house.wakeups.take(Title) == []


async def test_a_turn_that_failed_is_no_answer_and_the_next_one_is() -> None:
    replies = iter([says(REFUSED), says("It is 3.")])
    house = House(FakeModels(lambda request: says("ETH") if is_naming(request) else next(replies)))
    await house.stream("one")
    assert house.wakeups.take(Title) == []
    await house.stream("two")
    await house.work(Title)
    assert house.models.requests[-1].messages[1]["content"].startswith("User: two")


async def test_what_came_of_a_call_is_no_first_answer_where_the_turn_that_made_it_failed() -> None:
    replies = iter([asks(("Trade", "{}")), says(REFUSED), says("It was done."), says("It is 3.")])
    models = FakeModels(lambda request: says("ETH") if is_naming(request) else next(replies))
    house = House(models, LaterToolset(FakeToolset({"Trade": answers("{}")}), ["Trade"]))
    await house.stream("one")
    (job, _) = house.tool_jobs.sent[0]
    await house.outcomes.apply(house.session_id, Answer("steps", (job.call_id,), "ok", "{}"))
    await house.work(Wake)
    assert (await house.snapshot())["messages"][-1]["content"] == "It was done."
    await house.work(Title)
    await house.stream("two")
    await house.work(Title)
    assert await title(house) == ("ETH", "model")
    assert models.requests[-1].messages[1]["content"].startswith("User: two")


async def test_a_turn_in_a_worker_has_its_session_named_as_well() -> None:
    house = House(named(says("ETH")))
    await house.chats.answer(house.request("Hi"), wait=0)
    await house.another().work(Wake)
    await house.another().work(Title)
    assert await title(house) == ("ETH", "model")


async def test_a_long_first_answer_in_steps_is_read_whole() -> None:
    steps = iter([says("Let me look. ", calls=asks(("Price", "{}")).calls), says("It is 3.")])
    models = FakeModels(lambda request: says("ETH") if is_naming(request) else next(steps))
    house = House(models, FakeToolset({"Price": answers("3")}))
    await house.stream("What is ETH?")
    await house.another().work(Title)
    assert models.requests[-1].messages[1]["content"].endswith("Assistant: Let me look. \nIt is 3.")


async def test_the_model_that_the_app_has_for_titles_is_asked() -> None:
    models = ModelChoice(default="claude-sonnet", title="gpt-4o-mini")
    house = House(named(says("ETH")), app=APP.model_copy(update={"models": models}))
    await house.stream("What is ETH?")
    await house.work(Title)
    assert [request.model for request in house.models.requests] == ["claude-sonnet", "gpt-4o-mini"]
    assert [row.model for row in house.usage.rows] == ["claude-sonnet", "gpt-4o-mini"]


@pytest.mark.parametrize("failing", [says(REFUSED), says(asyncio.Event()), says(" \n"), says("Half of ", REFUSED)])
async def test_the_first_words_stand_in_where_the_model_has_no_title(failing: Says) -> None:
    house = House(named(failing))
    await house.stream("What is the price of ETH\nin dollars, as of today, on every exchange?")
    await house.work(Title)
    assert await title(house) == ("What is the price of ETH in dollars, as of today,…", "model")


async def test_a_renamed_session_keeps_its_name_and_asks_no_model() -> None:
    house = House(named(says("ETH")))
    await house.stream("one")
    await house.sessions.rename(house.session_id, "Mine")
    await house.another().work(Title)
    assert await title(house) == ("Mine", "user")
    assert not any(is_naming(request) for request in house.models.requests)


async def test_a_rename_to_the_same_words_makes_them_the_users() -> None:
    house = House(named(says("ETH")))
    await house.sessions.create(house.session_id, None)
    await house.sessions.rename(house.session_id, "New chat")
    assert await title(house) == ("New chat", "user")


async def test_a_rename_while_the_model_thinks_wins() -> None:
    house = House(FakeModels(lambda request: says(0.05, "ETH") if is_naming(request) else says("It is 3.")))
    await house.stream("one")
    naming = asyncio.create_task(house.another().work(Title))
    await asyncio.sleep(0.02)
    await house.sessions.rename(house.session_id, "Mine")
    await naming
    assert await title(house) == ("Mine", "user")
    assert (await house.kinds()).count("event") == 1


async def test_a_rename_between_the_look_and_the_write_wins() -> None:
    table = RivalledTable(Clock())
    house = House(named(says("ETH")), table=table)
    await house.stream("one")
    table.rival = ("event", lambda: house.another().sessions.rename(house.session_id, "Mine"))
    await house.another().work(Title)
    assert await title(house) == ("Mine", "user")


async def test_a_job_that_comes_twice_names_once() -> None:
    house = House(named(says("ETH")))
    await house.stream("one")
    job = house.wakeups.take(Title)[0]
    await asyncio.gather(*(house.another().worker.handle(job) for _ in range(3)))
    await house.another().worker.handle(job)
    assert (await house.kinds()).count("event") == 1


async def test_a_job_of_a_deleted_session_names_no_later_one_of_its_id() -> None:
    house = House(named(says("ETH")))
    await house.stream("one")
    jobs = house.wakeups.take(Title)
    await house.sessions.delete(house.session_id)
    await house.another().worker.handle(jobs[0])
    await house.another().stream("again")
    await house.another().worker.handle(jobs[0])
    assert await title(house) == ("New chat", "default")


async def test_updates_tell_the_title() -> None:
    house = House(named(says("ETH")))
    await house.stream("one")
    watching = asyncio.create_task(collected(await updates(house.another()).stream(house.session_id)))
    await asyncio.sleep(0.02)
    await house.work(Title)
    shown = [event.data for event in await watching if event.data is not None]
    assert shown == [{"type": "title_changed", "new_title": "ETH", "session_id": house.session_id}]


async def test_a_turn_that_runs_meanwhile_goes_on() -> None:
    house = House(FakeModels(lambda request: says("ETH") if is_naming(request) else says("a", 0.1, "b", 0.1, "c")))
    await house.stream("one")
    second = asyncio.create_task(house.stream("two"))
    await asyncio.sleep(0.05)
    await house.another().work(Title)
    assert types(await second)[-1] == "complete"
    assert await title(house) == ("ETH", "model")


class DeafQueue(FakeWakeups):
    async def title(self, session_id: str, tag: str) -> None:
        raise Unavailable("The queue takes nothing.")


async def test_a_queue_that_takes_no_job_costs_the_title_only() -> None:
    house = House(named(says("ETH")), wakeups=DeafQueue())
    assert types(await house.stream("one"))[-1] == "complete"
    assert (await house.snapshot())["status"] == "idle"


async def test_an_app_that_is_gone_leaves_the_first_words() -> None:
    house = House(named(says("ETH")))
    await house.stream("Hello you")
    gone = house.another(app=APP.model_copy(update={"name": "other"}))
    await gone.work(Title)
    assert await title(house) == ("Hello you", "model")


def test_a_job_is_what_it_was_on_the_queue() -> None:
    job = Title(session_id="s", tag="0a1b2c3d")
    assert parse_job(job.model_dump_json()) == job


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("ETH price", "ETH price"),
        ("\n\n  # **“ETH price.”**\nBecause", "ETH price"),
        ("Title: 'ETH  price'", "ETH price"),
        ("L’été d’ETH", "L’été d’ETH"),
        ("e\u202ethe\x00 \u200bETH", "ethe ETH"),
        ("What is ETH?", "What is ETH?"),
        ("**", ""),
        ("", ""),
    ],
)
def test_a_title_is_taken_out_of_what_models_put_round_one(answer: str, title: str) -> None:
    assert title_of(answer) == title


def test_titles_are_short() -> None:
    assert len(title_of("word " * 100)) <= MOST_CHARACTERS
    assert len(title_of("W" * 300)) == MOST_CHARACTERS
    assert first_words("word " * 100) == "word word word word word word word word word word…"
    assert len(first_words("東" * 300)) == FIRST_WORDS
