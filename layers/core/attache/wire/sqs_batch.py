"""Messages of a queue, as SQS hands them to a function: each by itself, and only those that failed come again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from contextvars import copy_context
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from attache.errors import Unavailable
from attache.wire.deliveries import pause

log = logging.getLogger(__name__)

Do = Callable[[str, int], Coroutine[Any, Any, None]]
Again = Callable[[str, int], Coroutine[Any, Any, None]]


def each_message(
    event: Mapping[str, Any],
    do: Do,
    again: Again,
    aged: Callable[[int], None] = lambda _: None,
    now: Callable[[], float] = time.time,
) -> dict[str, Any]:
    """`do` with each message, one after the other; what it raises is logged, and that message has failed.

    `do` gets a message's body, and how often it has come; `again` has one that failed, which is named by its receipt,
    come again after so many seconds; `aged` is told how late each comes (ms). Returns what Lambda wants to know
    (`ReportBatchItemFailures`).
    """

    def handle(record: SQSRecord) -> None:
        late = _late(record, now())
        if late is not None:
            aged(late)
        _loop().run(_one(record, do, again), context=copy_context())  # else it would know what the first one knew

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False, logger=log)
    return dict(process_partial_response(event=dict(event), record_handler=handle, processor=processor))


def _late(record: SQSRecord, now: float) -> int | None:
    """Milliseconds since the message was due: sent, and the delay over that it was sent with (`SqsJobs`)."""
    sent = record.raw_event.get("attributes", {}).get("SentTimestamp", "")
    delay = record.raw_event.get("messageAttributes", {}).get("delay", {}).get("stringValue", "0")
    if not (sent.isdecimal() and delay.isdecimal()):
        return None
    return max(0, round(now * 1000) - int(sent) - int(delay) * 1000)


async def _one(record: SQSRecord, do: Do, again: Again) -> None:
    tries = int(record.attributes.approximate_receive_count or 1)
    try:
        await do(record.body, tries)
    except Exception as error:
        with suppress(Unavailable):  # it comes again in any case, once it is visible
            await again(record.receipt_handle, pause(error, tries))
        raise


@cache
def _loop() -> asyncio.Runner:
    """One event loop for the container's life: connections that are kept belong to it.

    Powertools' own asynchronous processor starts a loop by itself on Lambda only, so it is another thing in a test.
    """
    return asyncio.Runner()
