"""Time, as one thing that a test can hold still."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, datetime


class Clock:
    """Wall time in milliseconds since 1970 (what the log records), and waiting."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def pause(self, seconds: float) -> None:
        """About so long, and not the same for any two: who failed together does not try again together."""
        await self.sleep(seconds * (0.5 + secrets.randbelow(100) / 100))


def rfc3339(at: int) -> str:
    """Milliseconds since 1970 as RFC 3339 in UTC, e.g. `2026-01-31T09:30:00.125Z`; sorts as text."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"
