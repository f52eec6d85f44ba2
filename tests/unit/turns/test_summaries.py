"""Prompts and summaries meet without gap or overlap."""

from __future__ import annotations

from attache.errors import Unavailable
from attache.models.model import ModelRequest
from attache.sessions.head import DAY
from attache.sessions.table import Settled
from attache.turns.prompt import SO_FAR
from attache.turns.summaries import (
    BLOCKS,
    RECORD,
    SINCE,
)
from attache.turns.wakeups import Summarize
from tests.fakes.clock import FakeClock
from tests.fakes.models import FakeModels, Says, asks, says
from tests.fakes.session_table import FakeSessionTable
from tests.fakes.toolset import FakeToolset, answers
from tests.unit.turns.harness import APP, House
from tests.unit.turns.summarised import (
    NAME,
    SMALL,
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
from tests.unit.turns.test_fitting import FakeWindows


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
