"""The turns function's handler: SQS events to the turn worker."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

import attache.turns.app_toolsets  # imported at start, not with the first request
import attache.turns.worker  # noqa: F401
from attache.telemetry.about import noted
from attache.wire.snap_start import at_snapshots
from attache.wire.sqs_batch import each_message
from attache.wiring import services
from functions.turns.jobs import do_job


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda's handler."""
    wired = services()
    deadline = time.time_ns() // 1_000_000 + context.get_remaining_time_in_millis()
    with noted(request=context.aws_request_id):
        answer = each_message(
            event,
            lambda body, tries: do_job(wired, body, tries, deadline),
            wired.turns_queue.again,
            partial(wired.meter.queued, "turns"),
        )
    wired.meter.flush()
    return answer


at_snapshots(lambda: services().load_models(), lambda: services().aws.forget())
