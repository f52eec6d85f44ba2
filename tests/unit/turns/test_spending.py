"""What a turn took, if a runner of it died."""

from __future__ import annotations

from attache.models.model import ModelFailed
from attache.sessions.entries import End, TurnUsage
from attache.turns.wakeups import Guard
from tests.fakes.models import USAGE, FakeModels, says
from tests.unit.turns.harness import House
from tests.unit.turns.test_recovery import dead, died


async def test_an_answer_that_broke_off_counts_although_its_runner_died() -> None:
    broke = ModelFailed("It is silent.", code="provider_unavailable", retryable=True, usage=USAGE)
    house = House(FakeModels([says("It ", broke), says("is ", 60), says("3.")]))
    await died(house, after=0.2)
    await dead(house)
    await house.another().work(Guard)
    end = (await house.log()).entries[-1].body
    assert isinstance(end, End)
    assert end.usage == TurnUsage("claude-sonnet", 2 * 11, 2 * 7)
