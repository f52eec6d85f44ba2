"""The turns queue: each message is a job for the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attache.telemetry.about import noted, session_mark
from attache.turns.wakeups import parse_job

if TYPE_CHECKING:
    from attache.wiring import Services


async def do_job(services: Services, body: str, deadline: int | None = None) -> None:
    """Do the job that a message asks for. `deadline`: when the function's time is over (ms).

    Raises pydantic's ValidationError for a message that is not ours, and Unavailable where it should come again.
    """
    job = parse_job(body)
    with noted(session=session_mark(job.session_id)):
        await services.worker.handle(job, deadline)
