"""The tools function's handler: SQS's events to the tool worker."""

from __future__ import annotations

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from attache.telemetry.about import noted
from attache.wire.sqs_batch import each_message
from functions.tools.jobs import do_tool_job


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda's entry point."""
    from attache.wiring import services

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
