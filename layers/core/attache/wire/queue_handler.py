"""A queue's messages go to their job, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from attache.telemetry.about import noted
from attache.telemetry.meter import Meter
from attache.wire.sqs_batch import Again, Do, each_message

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


@dataclass(frozen=True)
class QueueWork:
    """What is done with a queue's messages (`each_message`); `queue` is its name in the metrics."""

    queue: str
    do: Do
    again: Again
    meter: Meter


def queue_handler(work: Callable[[int], QueueWork]) -> Handler:
    """Lambda's handler of a queue's events. `work` is told with each event when the function's time is over (ms)."""

    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        ours = work(time.time_ns() // 1_000_000 + context.get_remaining_time_in_millis())
        with noted(request=context.aws_request_id):
            answer = each_message(event, ours.do, ours.again, partial(ours.meter.queued, ours.queue))
        ours.meter.flush()
        return answer

    return handler
