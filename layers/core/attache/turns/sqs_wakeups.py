"""Wake-ups over SQS."""

from __future__ import annotations

import math

from botocore.exceptions import BotoCoreError, ClientError

from attache.aws import Aws
from attache.errors import Unavailable
from attache.turns.wakeups import Guard, HandOver, Job, Purge, Title, Wake

LONGEST_DELAY = 900  # seconds, SQS's own limit


class SqsWakeups:
    """`Wakeups` as messages of the turns queue."""

    def __init__(self, aws: Aws, queue_url: str) -> None:
        self._aws = aws
        self._queue_url = queue_url

    async def wake(self, session_id: str, *, delay: float = 0) -> None:
        await self._send(Wake(session_id=session_id), delay)

    async def guard(self, session_id: str, runner: str, *, delay: float) -> None:
        await self._send(Guard(session_id=session_id, runner=runner), delay)

    async def hand_over(self, session_id: str, runner: str) -> None:
        await self._send(HandOver(session_id=session_id, runner=runner), 0)

    async def purge(self, session_id: str, tag: str, *, delay: float) -> None:
        await self._send(Purge(session_id=session_id, tag=tag), delay)

    async def title(self, session_id: str, tag: str) -> None:
        await self._send(Title(session_id=session_id, tag=tag), 0)

    async def _send(self, job: Job, delay: float) -> None:
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
