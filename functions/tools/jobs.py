"""The tool-calls queue: each message is a job for the tool worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attache.telemetry.about import noted, session_mark
from attache.turns.tool_jobs import ToolJob, call_meant, parse_tool_job
from attache.wire.deliveries import MOST_TRIES, AnotherVersion, GivenUp, NotOurs

if TYPE_CHECKING:
    from attache.wiring import Services


async def do_tool_job(services: Services, body: str, tries: int = 1) -> None:
    """Do the job in a message that was delivered `tries` times; if this raises, the message has failed.

    A message that is not ours is reported to the session whose call it names, if any; so is one of another version,
    after its last try. Raises NotOurs and GivenUp if it belongs among the dead letters, anything else if it should be
    delivered again.
    """
    try:
        job = parse_tool_job(body)
    except (NotOurs, AnotherVersion) as error:
        meant = call_meant(body)
        if meant is not None and (isinstance(error, NotOurs) or tries >= MOST_TRIES):
            await services.tool_worker.give_up(meant.session_id, meant.call_id)
        raise
    with noted(session=session_mark(job.session_id)):
        await _done_or_given_up(services, job, tries)


async def _done_or_given_up(services: Services, job: ToolJob, tries: int) -> None:
    """On the last try the session is only told: a job that kills its process would also kill its last try."""
    if tries >= MOST_TRIES and await services.tool_worker.give_up(job.session_id, job.call_id):
        raise GivenUp("A tool call could not be finished, and its session was told.")
    await services.tool_worker.handle(job)
