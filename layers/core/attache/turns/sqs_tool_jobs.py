"""The tool-calls queue on SQS."""

from __future__ import annotations

import math

from botocore.exceptions import BotoCoreError, ClientError

from attache.aws import Aws
from attache.errors import Unavailable
from attache.turns.tool_jobs import ToolJob

LONGEST_DELAY = 900  # seconds, SQS's own limit


class SqsToolJobs:
    """`ToolJobs` as messages of the tool-calls queue."""

    def __init__(self, aws: Aws, queue_url: str) -> None:
        self._aws = aws
        self._queue_url = queue_url

    async def send(self, job: ToolJob, *, delay: float = 0) -> None:
        try:
            await self._aws.call(
                "sqs",
                "send_message",
                QueueUrl=self._queue_url,
                MessageBody=job.model_dump_json(),
                DelaySeconds=min(math.ceil(delay), LONGEST_DELAY),
            )
        except (BotoCoreError, ClientError) as error:
            raise Unavailable("The queue does not answer; try again in a moment.") from error
