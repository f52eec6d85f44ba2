"""The jobs of the tool-calls queue, as messages: versioned, small, and never more than a hint at what the log holds."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Job(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    v: Literal[1] = 1
    session_id: str
    call_id: str


class Start(_Job):
    """This call is to be sent, once it is pending."""

    kind: Literal["start"] = "start"


class Poll(_Job):
    """Ask how far this call is. `until`: when its time is over (ms); `said`: how far it was, as it was last told."""

    kind: Literal["poll"] = "poll"
    arguments: dict[str, Any]
    until: int
    said: str = ""


ToolJob = Start | Poll
_JOBS: TypeAdapter[ToolJob] = TypeAdapter(Annotated[ToolJob, Field(discriminator="kind")])


def parse_tool_job(body: str) -> ToolJob:
    """A queue message's job. Raises pydantic's ValidationError for a message that is not ours."""
    return _JOBS.validate_json(body)


class ToolJobs(Protocol):
    """Sends jobs to the tool worker, over a queue that may repeat, delay or reorder them."""

    async def send(self, job: ToolJob, *, delay: float = 0) -> None:
        """In `delay` seconds. Raises Unavailable."""
        ...
