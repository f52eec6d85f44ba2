"""The tools function's handler: SQS's events to the tool worker."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from attache.wire.sqs_batch import each_message
from functions.tools.jobs import do_tool_job


def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Lambda's entry point."""
    from attache.wiring import services

    return each_message(event, lambda body: do_tool_job(services(), body))
