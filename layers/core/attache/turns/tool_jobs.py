"""The jobs of the tool-calls queue: versioned, small, and only a hint that the log holds work."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from attache.turns.wakeups import VERSION, SessionId
from attache.wire.deliveries import refusal

CallId = Annotated[str, Field(min_length=1, max_length=200)]


class _Job(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    v: Literal[1] = VERSION
    session_id: SessionId
    call_id: CallId


class Start(_Job):
    """Send this call, once it is pending."""

    kind: Literal["start"] = "start"


class Poll(_Job):
    """Ask how far this call is. `until`: when to stop asking (ms); `said`: the progress that was told last."""

    kind: Literal["poll"] = "poll"
    arguments: dict[str, Any]
    until: int
    said: str = ""


ToolJob = Start | Poll
_SILENT = ConfigDict(hide_input_in_errors=True)  # errors are logged, and a message holds its session's id
_JOBS: TypeAdapter[ToolJob] = TypeAdapter(Annotated[ToolJob, Field(discriminator="kind")], config=_SILENT)


def parse_tool_job(body: str) -> ToolJob:
    """Parse a queue message. Raises NotOurs, AnotherVersion."""
    try:
        return _JOBS.validate_json(body)
    except ValidationError as error:
        raise refusal(body, VERSION) from error


class Meant(BaseModel):
    """The call that a message is about, whatever kind of job it is."""

    model_config = ConfigDict(frozen=True)

    session_id: SessionId
    call_id: CallId


def call_meant(body: str) -> Meant | None:
    """The call that a message names, also if the message is malformed; None if it names none."""
    try:
        return Meant.model_validate_json(body)
    except ValidationError:
        return None


class ToolJobs(Protocol):
    """Sends jobs to the tool worker, over a queue that may repeat, delay or reorder them."""

    async def send(self, job: ToolJob, *, delay: float = 0) -> None:
        """Send a job that comes after `delay` seconds. Raises Unavailable."""
        ...
