"""The invocation's deadline, from the header that the Lambda Web Adapter sets on each request."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

HEADER = "x-amzn-lambda-context"
MARGIN = 3_000  # milliseconds for the answer's end to reach the client


def deadline(headers: Mapping[str, str]) -> int | None:
    """When the function's time is over, in milliseconds since 1970; None if nothing limits it (outside Lambda)."""
    try:
        return int(json.loads(headers.get(HEADER, "{}"))["deadline"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return None


def seconds_until(deadline: int | None, now: Callable[[], float] = time.time) -> float | None:
    """How many seconds a response may go on for its end to reach the client; None without a deadline."""
    return None if deadline is None else max(0.0, (deadline - MARGIN) / 1000 - now())
