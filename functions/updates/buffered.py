"""The updates function where responses cannot be streamed: `sam local`, and the rehearsal of a deployment."""

from __future__ import annotations

from functools import cache
from typing import Any

from mangum.types import LambdaContext, LambdaEvent

from attache.wire.buffered import Buffered
from attache.wire.long_poll import LongPoll
from functions.updates.handler import application

MOST = 25.0  # seconds: API Gateway waits no longer than 29


def handler(event: LambdaEvent, context: LambdaContext) -> dict[str, Any]:
    """Lambda's handler: a long poll that returns once something has happened."""
    return _adapter()(event, context)


@cache
def _adapter() -> Buffered:
    return Buffered(LongPoll(application()), MOST)
