"""The jobs of the turns queue: versioned, small, and only a hint that the log holds work."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from attache.wire.deliveries import refusal

VERSION: Literal[1] = 1
SessionId = Annotated[str, Field(min_length=1, max_length=64)]


class _Job(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    v: Literal[1] = VERSION
    session_id: SessionId


class Wake(_Job):
    """A message waits in this session, or its runner may have died."""

    kind: Literal["wake"] = "wake"


class Guard(_Job):
    """Check on this runner's turn. `sent`: when (ms), if the runner was still to append the entry that takes it."""

    kind: Literal["guard"] = "guard"
    runner: str
    sent: int | None = None


class HandOver(_Job):
    """This runner has let go of its turn."""

    kind: Literal["hand-over"] = "hand-over"
    runner: str


class Purge(_Job):
    """Remove what the session `tag` left, if it has been deleted."""

    kind: Literal["purge"] = "purge"
    tag: str


class Title(_Job):
    """Name the session `tag`, if nobody has."""

    kind: Literal["title"] = "title"
    tag: str


class Summarize(_Job):
    """Summarise what leaves the window of the session `tag`, if it is full; `tries` have failed."""

    kind: Literal["summarize"] = "summarize"
    tag: str
    tries: int = 0


Job = Wake | Guard | HandOver | Purge | Title | Summarize
_SILENT = ConfigDict(hide_input_in_errors=True)  # errors are logged, and a message holds its session's id
_JOBS: TypeAdapter[Job] = TypeAdapter(Annotated[Job, Field(discriminator="kind")], config=_SILENT)


def parse_job(body: str) -> Job:
    """Parse a queue message. Raises NotOurs, AnotherVersion."""
    try:
        return _JOBS.validate_json(body)
    except ValidationError as error:
        raise refusal(body, VERSION) from error
