"""Time that stands still until a test moves it."""

from __future__ import annotations

from attache.clock import Clock

START = 1_800_000_000_000


class FakeClock(Clock):
    """Milliseconds from `START`; sleeping moves it and waits for nobody."""

    def __init__(self, now: int = START) -> None:
        self.time = now

    def now(self) -> int:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += int(seconds * 1000)

    async def sleep(self, seconds: float) -> None:
        self.forward(seconds)
