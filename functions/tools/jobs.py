"""The tool-calls queue: each message is a job for the tool worker."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from attache.errors import Unavailable
from attache.turns.tool_jobs import parse_tool_job

if TYPE_CHECKING:
    from attache.wiring import Services

log = logging.getLogger(__name__)


async def do_tool_job(services: Services, body: str) -> None:
    """Do the job that a message asks for.

    Raises pydantic's ValidationError for a message that is not ours, and Unavailable where it should come again. What
    fails in any other way is told to the session, so that nobody waits for it.
    """
    job = parse_tool_job(body)
    try:
        await services.tool_worker.handle(job)
    except Unavailable:
        raise
    except Exception:
        log.exception("a tool's step failed")
        await services.tool_worker.give_up(job)
        raise
