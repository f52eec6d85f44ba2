"""A turn is killed wherever anything leaves its process; others end it, as if nothing had been."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import pytest

from tests.crash.runners import Ran
from tests.crash.world import Trial, World

pytestmark = [
    pytest.mark.aws,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(600),
]

AT_ONCE = 16  # trials, most of which wait for a guard at any time
BY_THE_CLOCK = ("dynamodb query", "put_item of text")  # done more or less often, as time goes
COMES_AGAIN = 5  # seconds: who dies before it has sent a guard of its own leaves but the one that it was brought
MOST = 0.6  # of the points of a recovery: they depend on which of two calls had been answered
Run = Callable[[Trial, str | None], Awaitable[Ran]]
EVERYTHING = {
    "s3 get_object",  # the app
    "dynamodb query",
    "dynamodb transact_write_items of user",
    "sqs send_message",
    "model request",
    "model TextDelta",
    "model Completion",
    "dynamodb put_item of text",
    "dynamodb put_item of agent",
    "dynamodb put_item of call",
    "tool GET",
    "tool POST",
    "dynamodb put_item of result",
    "dynamodb put_item of end",
    "dynamodb put_item",  # usage
    "dynamodb update_item",  # the head, at the end
}


@pytest.mark.parametrize(
    ("run", "insistent", "every"),
    [
        pytest.param(Trial.streamed, True, 1, id="in the stream's function, a model that insists"),
        pytest.param(Trial.queued, False, 1, id="in the worker"),
        pytest.param(Trial.streamed, False, 1, id="in the stream's function"),
        pytest.param(Trial.queued, True, 1, id="in the worker, a model that insists"),
    ],
)
async def test_killed_at_every_point(at: World, run: Run, insistent: bool, every: int) -> None:
    async def killed(point: str) -> str | None:
        trial = await at.session(insistent=insistent)
        died = (await run(trial, point)).died
        await trial.recovered()
        await trial.check()
        return died

    passed = (await run(await at.session(), None)).passed
    assert passed
    missing = {what for what in EVERYTHING if not any(what in point for point in passed)}
    assert not missing
    points = passed[::every]
    died = await at_once(killed, points)
    print(f"\n{len(died)} of {len(points)} points: {', '.join(died)}")
    survived = set(points) - set(died)
    assert not [point for point in survived if not any(what in point for what in BY_THE_CLOCK)]


@pytest.mark.parametrize(
    ("first", "every"),
    [
        ("after model TextDelta 3", 1),
        ("after dynamodb put_item of agent 1", 2),
        ("after dynamodb put_item of call 1", 2),
        ("after tool POST 1", 1),
    ],
)
async def test_whoever_takes_over_is_killed_too(at: World, first: str, every: int) -> None:
    async def killed(point: str) -> str | None:
        trial = await at.session(insistent=True, visibility=COMES_AGAIN)
        assert (await trial.streamed(first)).died == first
        died = (await trial.worked(point)).died
        await trial.recovered()
        await trial.check()
        return died

    unharmed = await at.session(insistent=True)
    await unharmed.streamed(first)
    points = (await unharmed.worked()).passed
    assert points
    died = await at_once(killed, points[::every])
    print(f"\n{first}, then {len(died)} of {len(points[::every])} points: {', '.join(died)}")
    assert len(died) > MOST * len(points[::every])


async def at_once(do: Callable[[str], Awaitable[str | None]], points: Iterable[str]) -> list[str]:
    """Do it for each point; the points at which a process really died."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(point: str) -> str | None:
        async with free:
            return await do(point)

    async with asyncio.TaskGroup() as group:
        doing = [group.create_task(one(point)) for point in points]
    return [died for task in doing if (died := task.result())]
