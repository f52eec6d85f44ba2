"""Usage rows that are counted as they are written."""

from __future__ import annotations

from dataclasses import dataclass

from attache.telemetry.meter import Meter
from attache.usage.usage import UsageRow, UsageSink


@dataclass(frozen=True)
class CountedUsage:
    """A sink whose rows are metrics, too. What a user's own key paid for is no cost of ours."""

    sink: UsageSink
    meter: Meter

    async def record(self, row: UsageRow) -> None:
        self.meter.model_call(row.app, row.input_tokens, row.output_tokens, None if row.own_key else row.cost)
        await self.sink.record(row)
