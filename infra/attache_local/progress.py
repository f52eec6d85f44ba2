"""Progress messages while the stack starts."""

from __future__ import annotations

import time


class Progress:
    """Prints lines for the person who waits, each step with the seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def step(self, what: str) -> None:
        """Something is ready."""
        print(f"{self.seconds:5.1f} s  {what}", flush=True)

    def note(self, text: str) -> None:
        """Something worth knowing."""
        print(f"         {text}", flush=True)
