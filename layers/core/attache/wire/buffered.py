"""Streaming routes where responses cannot be streamed (`sam local`): each response is returned whole.

On AWS the Lambda Web Adapter serves these routes, and nothing here is used.
"""

from __future__ import annotations

import json
import time
from typing import Any

from mangum import Mangum
from mangum.types import ASGI, LambdaContext, LambdaEvent

from attache.wire.lambda_context import HEADER, MARGIN


class Buffered:
    """Lambda's handler. A stream ends after `most` seconds or, if that is None, with the function's time."""

    def __init__(self, app: ASGI, most: float | None = None) -> None:
        self._mangum = Mangum(app, lifespan="off")
        self._most = most

    def __call__(self, event: LambdaEvent, context: LambdaContext) -> dict[str, Any]:
        left = context.get_remaining_time_in_millis()
        if self._most is not None:
            left = min(left, int(self._most * 1000) + MARGIN)
        return self._mangum(_told(event, time.time_ns() // 1_000_000 + left), context)


def _told(event: LambdaEvent, deadline: int) -> LambdaEvent:
    """The event with the deadline header that the Lambda Web Adapter would set."""
    value = json.dumps({"deadline": deadline})
    headers = {**(event.get("headers") or {}), HEADER: value}
    many = {**(event.get("multiValueHeaders") or {}), HEADER: [value]}
    return {**event, "headers": headers, "multiValueHeaders": many}
