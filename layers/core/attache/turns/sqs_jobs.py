"""Jobs as messages of an SQS queue."""

from __future__ import annotations

import math
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from attache.aws import Aws
from attache.errors import Unavailable

LONGEST_DELAY = 900  # seconds, SQS's own limit


class SqsJobs:
    """One queue: sends jobs, and delays those that failed."""

    def __init__(self, aws: Aws, queue_url: str) -> None:
        self._aws = aws
        self._queue_url = queue_url

    async def send(self, job: BaseModel, *, delay: float = 0) -> None:
        """Send a job that becomes visible after `delay` seconds, 900 at most. Raises Unavailable.

        The delay is sent as an attribute too, so that lateness can be measured.
        """
        seconds = min(math.ceil(delay), LONGEST_DELAY)
        delayed = {"delay": {"DataType": "Number", "StringValue": str(seconds)}} if seconds else {}
        await self._call(
            "send_message", MessageBody=job.model_dump_json(), DelaySeconds=seconds, MessageAttributes=delayed
        )

    async def again(self, receipt: str, pause: int) -> None:
        """Make a received message visible again after `pause` seconds. Raises Unavailable."""
        await self._call("change_message_visibility", ReceiptHandle=receipt, VisibilityTimeout=pause)

    async def _call(self, operation: str, **parameters: Any) -> None:
        try:
            await self._aws.call("sqs", operation, QueueUrl=self._queue_url, **parameters)
        except (BotoCoreError, ClientError) as error:
            raise Unavailable("The queue does not answer; try again in a moment.") from error
