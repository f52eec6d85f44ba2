"""Usage rows, written concurrently with the work they are about."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from attache.errors import AttacheError
from attache.usage.usage import UsageRow, UsageSink

logger = logging.getLogger(__name__)


class Ledger:
    """Starts writing each row without waiting; `settled` waits for all, before a response's last byte."""

    def __init__(self, sink: UsageSink) -> None:
        self._sink = sink
        self._writing: list[asyncio.Task[None]] = []

    async def record(self, row: UsageRow) -> None:
        self._writing.append(asyncio.create_task(self._write(row)))

    async def settled(self) -> None:
        """Wait until every row is written or has failed."""
        await asyncio.gather(*self._writing)

    async def _write(self, row: UsageRow) -> None:
        """Write a row. Never fails: the answer matters more. A lost row is logged, without its session."""
        try:
            await self._sink.record(row)
        except AttacheError:
            logger.exception("a usage row was not written: %s", replace(row, session_id=""))
