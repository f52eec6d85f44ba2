"""The chat function where responses cannot be streamed: `sam local`, and the rehearsal of a deployment."""

from __future__ import annotations

from functools import cache
from typing import Any

from mangum.types import LambdaContext, LambdaEvent

from attache.wire.buffered import Buffered
from functions.chat.handler import application


def handler(event: LambdaEvent, context: LambdaContext) -> dict[str, Any]:
    """Lambda's handler: a stream is returned whole, when the turn has ended."""
    return _adapter()(event, context)


@cache
def _adapter() -> Buffered:
    return Buffered(application())
