"""What a session is once its entries have expired."""

from __future__ import annotations

from attache.sessions.head import DAY
from attache.turns.wakeups import Wake
from tests.fakes.clock import FakeClock
from tests.fakes.models import FakeModels, says
from tests.unit.turns.harness import APP, House

SHORT = APP.model_copy(update={"retention_days": 1})


async def test_the_first_message_expires_with_its_answer_in_a_session_that_was_there_before_it() -> None:
    clock = FakeClock()
    house = House(FakeModels([says("Hi.")]), app=SHORT, clock=clock)
    await house.sessions.create(house.session_id, None)
    await house.stream()
    clock.forward(DAY + 1)
    snapshot = await house.another().snapshot()
    assert (snapshot["messages"], snapshot["is_processing"]) == ([], False)
    house.wakeups.take(Wake)
    await house.sessions.state(house.session_id)
    assert house.wakeups.take(Wake) == []


async def test_a_shorter_retention_begins_between_two_turns() -> None:
    clock = FakeClock()
    before = House(FakeModels([says("one"), says("two"), says("three")]), clock=clock)
    await before.chats.answer(before.request("1"), 0)
    after = before.another(app=SHORT)
    await after.chats.answer(after.request("2"), 0)
    await after.work(Wake)
    await after.work(Wake)
    await after.stream("3")
    clock.forward(DAY + 1)
    snapshot = await after.another().snapshot()
    assert snapshot["is_processing"] is False
    assert [message["content"] for message in snapshot["messages"]] == ["1", "one", "2", "two"]


async def test_a_poll_is_not_told_that_nothing_is_new_once_what_it_shows_has_expired() -> None:
    clock = FakeClock()
    house = House(FakeModels([says("one"), says("two")]), app=SHORT, clock=clock)
    await house.stream("1")
    held = (await house.sessions.state(house.session_id)).etag
    assert held is not None
    clock.forward(DAY - 60)
    assert (await house.another().sessions.state(house.session_id, etags=(held,))).snapshot is None
    clock.forward(8 * DAY)
    gone = (await house.another().sessions.state(house.session_id, etags=(held,))).snapshot
    assert gone is not None
    assert gone["messages"] == []
    await house.another().stream("2")
    anew = (await house.another().sessions.state(house.session_id, etags=(held,))).snapshot
    assert anew is not None
    assert [message["content"] for message in anew["messages"]] == ["2", "two"]
