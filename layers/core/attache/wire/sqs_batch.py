"""Messages of a queue, as SQS hands them to a function: each by itself, and only those that failed come again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

log = logging.getLogger(__name__)

Do = Callable[[str], Coroutine[Any, Any, None]]


def each_message(event: Mapping[str, Any], do: Do) -> dict[str, Any]:
    """`do` with the body of each message, one after the other; what it raises is logged, and that message has failed.

    Returns what Lambda wants to know (`ReportBatchItemFailures`).
    """

    def handle(record: SQSRecord) -> None:
        _loop().run(do(record.body))

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False, logger=log)
    return dict(process_partial_response(event=dict(event), record_handler=handle, processor=processor))


@cache
def _loop() -> asyncio.Runner:
    """One event loop for the container's life: connections that are kept belong to it.

    Powertools' own asynchronous processor starts a loop by itself on Lambda only, so it is another thing in a test.
    """
    return asyncio.Runner()
