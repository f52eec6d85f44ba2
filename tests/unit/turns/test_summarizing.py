"""The job that summarises: who pays, repeated and rival jobs, models and queues that fail."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from attache.apps.app import ModelChoice
from attache.errors import Unavailable
from attache.models.catalogue import Catalogue
from attache.models.model import ModelFailed, ModelRequest
from attache.models.own_keys import OwnKeys
from attache.sessions.summary import Summary
from attache.turns.wakeups import Summarize, Wake, parse_job
from tests.fakes.models import Says, says
from tests.fakes.wakeups import FakeWakeups
from tests.unit.models.test_own_keys import KEY, FakeKeys
from tests.unit.turns.harness import APP, types
from tests.unit.turns.summarised import (
    UNAVAILABLE,
    asked,
    chat,
    house,
    is_summing,
    keeps_names,
    names,
    opening,
    summary,
    summed,
)


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


def test_a_job_is_what_it_was_on_the_queue() -> None:
    job = Summarize(session_id="s", tag="0a1b2c3d", tries=1)
    assert parse_job(job.model_dump_json()) == job
    first = parse_job('{"session_id": "s", "tag": "0a1b2c3d", "kind": "summarize"}')
    assert first == job.model_copy(update={"tries": 0})
