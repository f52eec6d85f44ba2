"""The tools function's handler. No tool has a step of its own yet, so no message of this queue is ours."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from attache.wire.sqs_batch import each_message


class NotOurs(Exception):
    """A message that nobody here sent; after a few tries it is in the dead-letter queue."""


def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Lambda's entry point."""
    return each_message(event, _refuse)


async def _refuse(_body: str) -> None:
    raise NotOurs("There is no tool call that waits for a message.")
