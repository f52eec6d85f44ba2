"""A streamed function as Lambda scales it: each event to a sandbox that is free, or to a new one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from tests.built.layout import lay_out
from tests.built.runtime_api import Invocation
from tests.built.sandbox import Sandbox
from tests.built.template import BuiltFunction

MOMENT = 0.3  # seconds


class StreamFunction:
    """`timeout` in seconds, where it is not what the template says, holds for all that begins from then on."""

    def __init__(self, function: BuiltFunction, environment: Mapping[str, str], directory: Path) -> None:
        self._function, self._environment = function, environment
        self._layout = lay_out(function, directory / "opt")
        self.log = directory / "log"
        self.sandboxes: list[Sandbox] = []
        self.timeout: float | None = None

    async def invoke(self, event: bytes) -> Invocation:
        return (await self._free()).invoke(event, self.timeout)

    async def stop(self) -> None:
        for sandbox in self.sandboxes:
            await sandbox.stop()

    async def _free(self) -> Sandbox:
        """One that is free, or will be in a moment: its client had the last byte before it asked for the next event."""
        deadline = time.monotonic() + MOMENT
        while self.sandboxes and time.monotonic() < deadline:
            for sandbox in self.sandboxes:
                if sandbox.idle.is_set():
                    return sandbox
            await asyncio.sleep(0.01)
        new = Sandbox(self._function, self._layout, self._environment, self.log)
        await new.start()
        self.sandboxes.append(new)
        await new.idle.wait()
        return new
