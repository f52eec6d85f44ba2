"""What the stack says while it starts."""

from __future__ import annotations

import time


class Progress:
    """Lines for the person who waits, each step with the seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def step(self, what: str) -> None:
        """Something is up."""
        print(f"{self.seconds:5.1f} s  {what}", flush=True)

    def note(self, text: str) -> None:
        """Something to know."""
        print(f"         {text}", flush=True)
