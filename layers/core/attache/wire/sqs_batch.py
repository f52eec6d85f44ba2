"""Queue messages from an SQS event: each is handled by itself, and only failed ones are delivered again."""

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
from attache.wire.deliveries import log_failure, pause

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
    """Call `do` with each message in turn; what it raises is logged, and that message has failed.

    `do` gets a message's body and how often it was delivered; `again` makes a failed one, named by its receipt handle,
    visible again after so many seconds; `aged` gets each message's lateness (ms). Returns Lambda's
    `ReportBatchItemFailures` response.
    """

    def handle(record: SQSRecord) -> None:
        late = _late(record, now())
        if late is not None:
            aged(late)
        _loop().run(
            _one(record, do, again), context=copy_context()
        )  # or it would inherit the log context of the message before

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    return dict(process_partial_response(event=dict(event), record_handler=handle, processor=processor))


def _late(record: SQSRecord, now: float) -> int | None:
    """Milliseconds since the message was due, which is when it was sent plus its delay (`SqsJobs`)."""
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
        log_failure(log, "a message", error)
        with suppress(Unavailable):  # it becomes visible again in any case, only later
            await again(record.receipt_handle, pause(error, tries))
        raise


@cache
def _loop() -> asyncio.Runner:
    """One event loop for the container's life, because open connections belong to it.

    Powertools' own asynchronous processor starts a loop only on Lambda, so tests would differ from production.
    """
    return asyncio.Runner()
