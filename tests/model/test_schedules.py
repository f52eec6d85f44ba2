"""Many drawn schedules, in each of which everything that can go wrong may go wrong, and nothing may be violated.

`SCHEDULES` and `SEED` in the environment say how many, and from which on; a failure says how to repeat it.
"""

from __future__ import annotations

import os

import pytest

from tests.model.schedules import run_schedule
from tests.model.verdict import Violation

AT_ONCE = 50  # a test: well under the time that a test may take


def _batches() -> list[range]:
    first, count = int(os.environ.get("SEED", "0")), int(os.environ.get("SCHEDULES", "300"))
    return [range(start, min(start + AT_ONCE, first + count)) for start in range(first, first + count, AT_ONCE)]


@pytest.mark.parametrize("seeds", _batches(), ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def test_schedules(seeds: range) -> None:
    for seed in seeds:
        try:
            run_schedule(seed)
        except Violation as violation:
            again = f"SEED={seed} SCHEDULES=1 .venv/bin/python -m pytest tests/model/test_schedules.py"
            pytest.fail(f"seed {seed}: {violation}\nagain: {again}", pytrace=False)


def test_a_schedule_is_repeatable_by_its_seed() -> None:
    assert [run_schedule(seed) for seed in range(20)] == [run_schedule(seed) for seed in range(20)]
