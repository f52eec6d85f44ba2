"""Usage rows that are also counted as metrics."""

from __future__ import annotations

from dataclasses import dataclass

from attache.telemetry.meter import Meter
from attache.usage.usage import UsageRow, UsageSink


@dataclass(frozen=True)
class CountedUsage:
    """A sink that also reports each row to the meter. Calls on a user's own key are no cost of ours."""

    sink: UsageSink
    meter: Meter

    async def record(self, row: UsageRow) -> None:
        self.meter.model_call(row.app, row.input_tokens, row.output_tokens, None if row.own_key else row.cost)
        await self.sink.record(row)
