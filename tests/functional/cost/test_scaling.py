"""The figures that infra/SCALING.md stands on are those of the service as it is."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from tests.bench.demand import Measured
from tests.bench.scaling import measure

pytestmark = [pytest.mark.aws, pytest.mark.slow]
ROOM = 3.0  # of timing: a piece, a sign or an opened secret more or less


@pytest.mark.timeout(180)
async def test_the_figures_that_are_kept_are_counted_again() -> None:
    kept, counted = asdict(Measured.kept()), asdict(await measure())
    assert kept.keys() == counted.keys()
    for name, figure in counted.items():
        assert figure == pytest.approx(kept[name], rel=0.2, abs=ROOM), f"{name}: make scaling ARGS=--measure"
