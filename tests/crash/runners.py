"""Processes for a test to run turns in, and what they said while they lived."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.crash.runner import Order, Place

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ran:
    """What a child said. `died`: the point at which it died; `passed`: all the points of one that came through."""

    said: Sequence[dict[str, Any]]

    @property
    def died(self) -> str | None:
        return next((str(each["died"]) for each in self.said if "died" in each), None)

    @property
    def passed(self) -> list[str] | None:
        return next((each["passed"] for each in self.said if "passed" in each), None)

    @property
    def error(self) -> str | None:
        return next((str(each["error"]) for each in self.said if "error" in each), None)

    def events(self, key: str) -> list[dict[str, Any]]:
        """The events of a stream, each with its `id` and `data`."""
        return [each for each in self.said if each.get("key") == key and "data" in each]


class Runners:
    """Forks children from one process that has everything imported."""

    def __init__(self, process: asyncio.subprocess.Process, reports: Path) -> None:
        self._process = process
        self._reports = reports
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[None]] = {}

    async def run(self, session_id: str, queue_url: str, **more: Any) -> Ran:
        """Carry out an order in a child of its own, to its end or its death."""
        number = next(self._ids)
        report = self._reports / f"{number}.jsonl"
        order = replace(Order(session_id, queue_url, str(report)), id=number, **more)
        gone = self._waiting[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        self._process.stdin.write(order.json().encode() + b"\n")
        await gone
        said = Ran([json.loads(line) for line in report.read_text().splitlines()])
        assert said.error is None, said.error
        assert said.died or said.passed is not None, f"a child came to an end of another kind: {order}"
        return said

    async def listen(self) -> None:
        """Hear which children are gone, until the process ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            waiting = self._waiting.pop(int(line))
            if not waiting.done():  # nobody waits any more where a trial beside it has failed
                waiting.set_result(None)
        for waiting in self._waiting.values():
            waiting.set_exception(RuntimeError("the process that forks is gone"))


@asynccontextmanager
async def runners(place: Place, reports: Path) -> AsyncIterator[Runners]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.crash.runner", place.json(),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )  # fmt: skip
    assert process.stdin is not None
    forking = Runners(process, reports)
    listening = asyncio.create_task(forking.listen())
    try:
        yield forking
    finally:
        process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
