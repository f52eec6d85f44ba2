"""The tool-calls queue: each message is a job for the tool worker."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from attache.errors import Unavailable
from attache.telemetry.about import noted, session_mark
from attache.turns.tool_jobs import ToolJob, parse_tool_job

if TYPE_CHECKING:
    from attache.wiring import Services

log = logging.getLogger(__name__)


async def do_tool_job(services: Services, body: str) -> None:
    """Do the job that a message asks for.

    Raises pydantic's ValidationError for a message that is not ours, and Unavailable where it should come again. What
    fails in any other way is told to the session, so that nobody waits for it.
    """
    job = parse_tool_job(body)
    with noted(session=session_mark(job.session_id)):
        await _done_or_given_up(services, job)


async def _done_or_given_up(services: Services, job: ToolJob) -> None:
    try:
        await services.tool_worker.handle(job)
    except Unavailable:
        raise
    except Exception:
        log.exception("a tool's step failed")
        await services.tool_worker.give_up(job)
        raise
