"""The tools function's handler: SQS events to the tool worker."""

from __future__ import annotations

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

import attache.turns.app_toolsets  # imported at start, not with the first request
import attache.turns.tool_worker  # noqa: F401
from attache.telemetry.about import noted
from attache.wire.snap_start import at_snapshots
from attache.wire.sqs_batch import each_message
from attache.wiring import services
from functions.tools.jobs import do_tool_job


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda's handler."""
    wired = services()
    with noted(request=context.aws_request_id):
        answer = each_message(
            event,
            lambda body, tries: do_tool_job(wired, body, tries),
            wired.tool_calls_queue.again,
            partial(wired.meter.queued, "tool-calls"),
        )
    wired.meter.flush()
    return answer


at_snapshots(services, lambda: services().aws.forget())
