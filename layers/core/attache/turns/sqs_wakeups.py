"""Wake-ups over SQS."""

from __future__ import annotations

from attache.turns.sqs_jobs import SqsJobs
from attache.turns.wakeups import Guard, HandOver, Purge, Summarize, Title, Wake


class SqsWakeups:
    """`Wakeups` as messages of the turns queue."""

    def __init__(self, jobs: SqsJobs) -> None:
        self._jobs = jobs

    async def wake(self, session_id: str, *, delay: float = 0) -> None:
        await self._jobs.send(Wake(session_id=session_id), delay=delay)

    async def guard(self, session_id: str, runner: str, *, delay: float, sent: int | None = None) -> None:
        await self._jobs.send(Guard(session_id=session_id, runner=runner, sent=sent), delay=delay)

    async def hand_over(self, session_id: str, runner: str) -> None:
        await self._jobs.send(HandOver(session_id=session_id, runner=runner))

    async def purge(self, session_id: str, tag: str, *, delay: float) -> None:
        await self._jobs.send(Purge(session_id=session_id, tag=tag), delay=delay)

    async def title(self, session_id: str, tag: str) -> None:
        await self._jobs.send(Title(session_id=session_id, tag=tag))

    async def summarize(self, session_id: str, tag: str, *, delay: float = 0, tries: int = 0) -> None:
        await self._jobs.send(Summarize(session_id=session_id, tag=tag, tries=tries), delay=delay)
