"""Usage rows that are written beside the work they are about."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from attache.errors import AttacheError
from attache.usage.usage import UsageRow, UsageSink

logger = logging.getLogger(__name__)


class Ledger:
    """Passes rows on at once and waits for none; `settled` waits for all, before a response's last byte."""

    def __init__(self, sink: UsageSink) -> None:
        self._sink = sink
        self._writing: list[asyncio.Task[None]] = []

    async def record(self, row: UsageRow) -> None:
        self._writing.append(asyncio.create_task(self._write(row)))

    async def settled(self) -> None:
        """Wait until every row is written, or has failed to be."""
        await asyncio.gather(*self._writing)

    async def _write(self, row: UsageRow) -> None:
        """An answer is worth more than its bill: a row that cannot be written is logged, all of it but the session."""
        try:
            await self._sink.record(row)
        except AttacheError:
            logger.exception("a usage row was not written: %s", replace(row, session_id=""))
