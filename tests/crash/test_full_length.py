"""The times are those of the protocol: a turn whose runner died is over soon enough."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from attache.sessions.entries import End, Turn
from attache.turns.timings import DEFAULT
from tests.crash.world import World, world
from tests.embedded import Embedded

pytestmark = [pytest.mark.aws, pytest.mark.slow, pytest.mark.timeout(120)]

SECONDS = 35  # design, invariant 5, from the last sign of life
POINTS = ("after tool POST 1", "after model TextDelta 6")


async def test_turns_whose_runners_died_end_in_time(embedded: Embedded, tmp_path: Path) -> None:
    async with world(embedded, DEFAULT, tmp_path) as at:
        await asyncio.gather(*(one_turn(at, point) for point in POINTS))


async def one_turn(at: World, point: str) -> None:
    trial = await at.session()
    died = (await trial.streamed(point)).died
    await trial.recovered()
    await trial.check()
    entries = await trial.entries()
    taken = next(entry for entry in entries if isinstance(entry.body, Turn))
    ended = next(entry for entry in entries if isinstance(entry.body, End))
    last_sign = entries[taken.number - 2]
    print(
        f"\n{died}: taken over {(taken.at - last_sign.at) / 1000} s, ended {(ended.at - last_sign.at) / 1000} s later"
    )
    assert last_sign.writer == entries[0].writer
    assert ended.at - last_sign.at < SECONDS * 1000
