"""Usage rows in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from attache.usage.usage import UsageRow


class FakeUsage:
    """The Usage of a test; `rows` are all that was recorded, in order."""

    def __init__(self) -> None:
        self.rows: list[UsageRow] = []

    async def record(self, row: UsageRow) -> None:
        self.rows.append(row)

    async def of_day(self, app: str, day: date) -> Sequence[UsageRow]:
        return sorted((row for row in self.rows if row.app == app and _day(row) == day), key=lambda row: row.at)


def _day(row: UsageRow) -> date:
    return datetime.fromtimestamp(row.at / 1000, UTC).date()
