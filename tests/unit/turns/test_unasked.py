"""A model that answers each outcome of a call with another such call: somebody has to be asked some time."""

from __future__ import annotations

from attache.models.model import ModelRequest
from attache.turns.unasked import MOST
from attache.turns.wakeups import Wake
from tests.fakes.models import FakeModels, Says, asks, says
from tests.unit.turns.bank import BEGUN, Bank, Branch


def again(request: ModelRequest) -> Says:
    """Withdraw, and say so; and the same again once that has come to something."""
    if request.messages[-1]["role"] == "tool":
        return says("It goes on.")
    return asks(("Withdraw", '{"amount": 5}')) if request.allow_calls else says("I leave it at that.")


def insistent() -> Branch:
    return Branch(Bank({**BEGUN, "state": "settled"}), models=FakeModels(again))


async def come_to_something(branch: Branch, turns: int) -> int:
    """How many withdrawals there are after so many more turns."""
    for _ in range(turns):
        await branch.work()
        await branch.house.work(Wake)
    return len(branch.bank.asked)


async def test_a_model_does_not_call_again_and_again_with_nobody_there() -> None:
    branch = insistent()
    await branch.ask()
    assert await come_to_something(branch, MOST + 5) == MOST
    snapshot = await branch.house.snapshot()
    assert (snapshot["is_processing"], snapshot["messages"][-1]["content"]) == (False, "I leave it at that.")


async def test_who_says_something_is_there() -> None:
    branch = insistent()
    await branch.ask()
    await come_to_something(branch, MOST + 1)
    await branch.ask()
    assert await come_to_something(branch, MOST + 5) == 2 * MOST


async def test_many_calls_of_one_turn_are_all_told_of_and_count_once() -> None:
    many = [asks(*[("Withdraw", '{"amount": 5}')] * (MOST + 2)), says("They go on.")]
    each = [says("One more.")] * (MOST + 1)
    branch = Branch(
        Bank({**BEGUN, "state": "settled"}),
        models=FakeModels([*many, *each, asks(("Withdraw", '{"amount": 5}')), says("And another."), says("Done.")]),
    )
    await branch.ask()
    assert await come_to_something(branch, MOST + 4) == MOST + 3
    assert all(request.allow_calls for request in branch.house.models.requests)


async def test_a_container_that_has_only_the_newest_of_it_reads_further_back() -> None:
    branch = insistent()
    await branch.ask()
    for _ in range(MOST + 5):
        await branch.work()
        jobs = branch.house.wakeups.take(Wake)
        cold = branch.house.another()
        for job in jobs:
            await cold.worker.handle(job)
    assert len(branch.bank.asked) == MOST
