"""What the Lambda Web Adapter tells a function about its invocation, in a header that it sets on each request."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

HEADER = "x-amzn-lambda-context"
MARGIN = 3.0  # seconds for the answer's end to reach the client


def seconds_left(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float | None:
    """How long an answer may go on; None where nothing limits it (outside Lambda). `now` in seconds since 1970."""
    try:
        deadline = float(json.loads(headers.get(HEADER, "{}"))["deadline"]) / 1000  # milliseconds
    except (ValueError, KeyError, TypeError):
        return None
    return max(0.0, deadline - now() - MARGIN)
