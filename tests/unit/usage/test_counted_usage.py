from __future__ import annotations

import pytest

from attache.usage.counted_usage import CountedUsage
from attache.usage.usage import UsageRow
from tests.fakes.meter import FakeMeter
from tests.unit.turns.harness import FakeUsage


@pytest.mark.parametrize(("own_key", "cost"), [(False, 0.5), (True, None)])
async def test_a_row_is_written_and_counted_but_for_what_others_pay(own_key: bool, cost: float | None) -> None:
    sink, meter = FakeUsage(), FakeMeter()
    row = UsageRow("shop", "s", "gpt-4o", at=1, input_tokens=10, output_tokens=None, cost=0.5, own_key=own_key)
    await CountedUsage(sink, meter).record(row)
    assert sink.rows == [row]
    assert meter.held == [("model call", "shop", (10, None, cost))]
