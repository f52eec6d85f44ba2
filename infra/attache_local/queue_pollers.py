"""Feeding queues to handlers as Lambda does: receive, call, delete what was handled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from attache.aws import Aws
from attache.wire.deliveries import log_failure, pause

# Short, so that a stop waits for a receive to return: what it had received would stay invisible for minutes.
WAIT_SECONDS = 1
CONCURRENCY = 64
GRACE_SECONDS = 1.0
RETRY_SECONDS = 0.5
COUNT = "ApproximateReceiveCount"

Handler = Callable[[str, int], Awaitable[None]]  # a message's body, and how often it has come
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
    """Feeds one queue's messages to one handler, one per call (batch size 1), at most 64 at once."""

    def __init__(self, aws: Aws, queue_url: str, handle: Handler) -> None:
        self._aws = aws
        self._queue = queue_url
        self._handle = handle
        self._free = asyncio.Semaphore(CONCURRENCY)
        self._handling: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Poll until `stop`; messages not handled within a second after that go back to the queue."""
        while not self._stopping.is_set():
            await self._free.acquire()
            message = await self._receive()
            if message is None:
                self._free.release()
            else:
                self._begin(message)
        await self._finish()

    def stop(self) -> None:
        self._stopping.set()

    async def _receive(self) -> Mapping[str, Any] | None:
        try:
            answer = await self._call("receive_message", WaitTimeSeconds=WAIT_SECONDS, AttributeNames=[COUNT])
        except (ClientError, BotoCoreError) as error:
            log.warning("no messages from %s: %s", self._queue, error)
            await asyncio.sleep(RETRY_SECONDS)
            return None
        return next(iter(answer.get("Messages", ())), None)

    def _begin(self, message: Mapping[str, Any]) -> None:
        task = asyncio.create_task(self._handle_one(message))
        self._handling.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._handling.discard(task)
        self._free.release()

    async def _handle_one(self, message: Mapping[str, Any]) -> None:
        receipt, tries = message["ReceiptHandle"], int(message["Attributes"][COUNT])
        try:
            await self._handle(message["Body"], tries)
        except asyncio.CancelledError:
            await self._again(receipt, 0)
            raise
        except Exception as error:  # noqa: BLE001  as on Lambda: the message comes again, and in the end is set aside
            log_failure(log, f"a message of {self._queue}", error)
            await self._again(receipt, pause(error, tries))
            return
        with suppress(ClientError, BotoCoreError):  # handled for so long that it came again, it is deleted by the other
            await self._call("delete_message", ReceiptHandle=receipt)

    async def _again(self, receipt: str, seconds: int) -> None:
        with suppress(ClientError, BotoCoreError):  # it comes again in any case, once it is visible
            await self._call("change_message_visibility", ReceiptHandle=receipt, VisibilityTimeout=seconds)

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
