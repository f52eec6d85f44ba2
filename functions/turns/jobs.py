"""The turns queue: each message is a job for the turn worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attache.telemetry.about import noted, session_mark
from attache.turns.wakeups import Job, parse_job
from attache.wire.deliveries import MOST_TRIES, GivenUp

if TYPE_CHECKING:
    from attache.wiring import Services


async def do_job(services: Services, body: str, tries: int = 1, deadline: int | None = None) -> None:
    """Do the job in a message that was delivered `tries` times; if this raises, the message has failed.

    `deadline`: when the function's time is over (ms). After the last try, what waits for an answer is ended as failed.
    Raises NotOurs and GivenUp if the message belongs among the dead letters, anything else if it should be delivered
    again.
    """
    job = parse_job(body)
    with noted(session=session_mark(job.session_id)):
        await _done_or_given_up(services, job, tries, deadline)


async def _done_or_given_up(services: Services, job: Job, tries: int, deadline: int | None) -> None:
    try:
        await services.worker.handle(job, deadline)
    except Exception as error:
        if tries < MOST_TRIES:
            raise
        await services.worker.give_up(job)
        raise GivenUp("A job could not be done; what its session waited for has ended.") from error
