"""Whoever asks, answers or works for something pending is killed wherever anything leaves its process."""

from __future__ import annotations

import pytest

from tests.crash.patience import Patience
from tests.crash.test_crash_points import MOST, at_once
from tests.crash.waiting import Kind
from tests.crash.world import World

pytestmark = [
    pytest.mark.aws,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(600),
]


def check_points(died: list[str], points: list[str], *wanted: str) -> None:
    """These were died at, and most of the others: whether a title is asked for beside it, is chance."""
    print(f"\n{len(died)} of {len(points)} points: {', '.join(died)}")
    assert not [what for what in wanted if not any(what in point for point in died)]
    assert len(died) > MOST * len(points)


@pytest.mark.parametrize("kind", ["Confirm", "Pay"])
async def test_killed_while_it_asks(at: World, kind: Kind) -> None:
    async def killed(point: str) -> str | None:
        session = await Patience.begin(at, kind)
        died = (await session.asked(point)).died
        await session.asked_again()
        await session.check_asked()
        await session.answered()
        await session.check_done()
        return died

    points = (await (await Patience.begin(at, kind)).asked()).passed
    assert points
    recorded = "transact_write_items of result" if kind == "Pay" else "put_item of result"
    check_points(await at_once(killed, points), points, recorded, "put_item of agent", "put_item of end")


@pytest.mark.parametrize("kind", ["Confirm", "Pay"])
async def test_killed_while_it_takes_the_answer_and_tells_it(at: World, kind: Kind) -> None:
    async def killed(point: str) -> str | None:
        session = await Patience.begin(at, kind)
        await session.asked()
        died = (await session.answered(point)).died
        await session.answered()
        await session.check_done()
        return died

    unharmed = await Patience.begin(at, kind)
    await unharmed.asked()
    points = (await unharmed.answered()).passed
    assert points
    sent = ("put_item of call", "tool POST") if kind == "Confirm" else ()
    check_points(await at_once(killed, points), points, "transact_write_items of outcome", "put_item of turn", *sent)


async def test_killed_while_it_begins_asks_after_and_tells(at: World) -> None:
    async def killed(point: str) -> str | None:
        session = await Patience.begin(at, "Withdraw")
        died = (await session.asked(point)).died
        await session.asked_again()
        await session.check_done()
        return died

    points = (await (await Patience.begin(at, "Withdraw")).asked()).passed
    assert points
    wanted = ("put_item of call", "tool POST", "put_item of event", "tool GET", "transact_write_items of outcome")
    check_points(await at_once(killed, points), points, *wanted)
