"""The one job of ours on the documents queue: remove what was put too shortly before to be seen then."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Sweep(BaseModel):
    """Passages of this document from runs before this one are to be removed from the index."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    v: Literal[1] = 1
    kind: Literal["sweep"] = "sweep"
    app: str
    path: str
    before: str
