"""The clock, as an interface that tests can control."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, datetime


class Clock:
    """Wall time in milliseconds since 1970 (as in the log), and sleeping."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def pause(self, seconds: float) -> None:
        """Sleep for about so long, with jitter, so that callers that failed together do not retry together."""
        await self.sleep(seconds * (0.5 + secrets.randbelow(100) / 100))


def rfc3339(at: int) -> str:
    """Milliseconds since 1970 as RFC 3339 in UTC, e.g. `2026-01-31T09:30:00.125Z`; sorts as text."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"
