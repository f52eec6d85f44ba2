"""Usage of models: the rows that limits and bills are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from attache.models.model import ModelRequest, ModelUsage


@dataclass(frozen=True)
class UsageRow:
    """One model call. `at` is in milliseconds since 1970, `cost` in US dollars.

    None is unknown, which is not zero. `partial`: the answer was cut, and this is what is known. `own_key`: the user's
    own key paid for it.
    """

    app: str
    session_id: str
    model: str
    at: int
    key_id: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    partial: bool = False
    own_key: bool = False


@dataclass(frozen=True)
class Spender:
    """Who a model call is charged to; a client may have a key of its own for it."""

    app: str
    session_id: str
    key_id: str | None = None
    client_id: str | None = None


def row_for(spender: Spender, request: ModelRequest, usage: ModelUsage | None, at: int) -> UsageRow:
    """The row of a call, with the usage that its completion or failure reported, if any."""
    known = usage or ModelUsage(partial=True)
    return UsageRow(
        app=spender.app,
        session_id=spender.session_id,
        key_id=spender.key_id,
        model=request.model,
        at=at,
        input_tokens=known.input_tokens,
        output_tokens=known.output_tokens,
        cost=known.cost,
        partial=known.partial,
        own_key=request.api_key is not None,
    )


class UsageSink(Protocol):
    """Stores usage rows."""

    async def record(self, row: UsageRow) -> None:
        """Store a row. Raises Unavailable."""
        ...


class Usage(UsageSink, Protocol):
    """Usage rows, by app and day."""

    async def of_day(self, app: str, day: date) -> Sequence[UsageRow]:
        """An app's rows of a day (UTC), oldest first. Raises Unavailable."""
        ...
