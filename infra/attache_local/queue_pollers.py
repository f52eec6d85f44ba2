"""What Lambda does for a function that a queue feeds: receive, call, delete what was handled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from attache.aws import Aws
from attache_local.embedded_aws import REGION

# Short, so that a stop waits for a receive to return: what it had received would stay invisible for minutes.
WAIT_SECONDS = 1
CONCURRENCY = 64
GRACE_SECONDS = 1.0
RETRY_SECONDS = 0.5

Event = dict[str, Any]
Handler = Callable[[Event], Awaitable[Mapping[str, Any]]]
log = logging.getLogger(__name__)


@asynccontextmanager
async def polling(aws: Aws, queue_url: str, handle: Handler) -> AsyncIterator[None]:
    """Feed a queue's messages to a handler while the block runs."""
    poller = QueuePoller(aws, queue_url, handle)
    running = asyncio.create_task(poller.run())
    try:
        yield
    finally:
        poller.stop()
        await running


class QueuePoller:
    """Feeds one queue to one handler, a message a call (batch size 1), at most 64 at once."""

    def __init__(self, aws: Aws, queue_url: str, handle: Handler) -> None:
        self._aws = aws
        self._queue = queue_url
        self._handle = handle
        self._free = asyncio.Semaphore(CONCURRENCY)
        self._handling: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Poll until `stop`; what is then not handled within a second goes back to the queue."""
        while not self._stopping.is_set():
            await self._free.acquire()
            for message in await self._receive() or [None]:
                self._begin(message)
        await self._finish()

    def stop(self) -> None:
        self._stopping.set()

    async def _receive(self) -> list[Mapping[str, Any]]:
        try:
            answer = await self._call(
                "receive_message",
                MaxNumberOfMessages=1,
                WaitTimeSeconds=WAIT_SECONDS,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
        except (ClientError, BotoCoreError) as error:
            if not self._stopping.is_set():
                log.warning("no messages from %s: %s", self._queue, error)
                await asyncio.sleep(RETRY_SECONDS)
            return []
        return list(answer.get("Messages", []))

    def _begin(self, message: Mapping[str, Any] | None) -> None:
        if message is None:
            self._free.release()
            return
        task = asyncio.create_task(self._handle_one(message))
        self._handling.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._handling.discard(task)
        self._free.release()

    async def _handle_one(self, message: Mapping[str, Any]) -> None:
        receipt = message["ReceiptHandle"]
        try:
            answer = await self._handle({"Records": [_record(message)]})
        except asyncio.CancelledError:
            await self._call("change_message_visibility", ReceiptHandle=receipt, VisibilityTimeout=0)
            raise
        except Exception:  # as Lambda does: the handler failed, the message comes again when it is visible again
            log.exception("a message of %s was not handled", self._queue)
            return
        if not answer.get("batchItemFailures"):
            await self._call("delete_message", ReceiptHandle=receipt)

    async def _finish(self) -> None:
        if self._handling:
            await asyncio.wait(self._handling, timeout=GRACE_SECONDS)
        for task in self._handling:
            task.cancel()
        for task in list(self._handling):
            with suppress(asyncio.CancelledError):
                await task

    async def _call(self, operation: str, **parameters: Any) -> Mapping[str, Any]:
        return await self._aws.call("sqs", operation, QueueUrl=self._queue, **parameters)


def _record(message: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {},
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": "",
        "awsRegion": REGION,
    }
