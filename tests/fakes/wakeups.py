"""Wake-ups that a test looks at, and brings when it wants."""

from __future__ import annotations

from dataclasses import dataclass, field

from attache.turns.wakeups import Guard, HandOver, Job, Purge, Summarize, Title, Wake


@dataclass
class FakeWakeups:
    """`sent` are the jobs with their delays in seconds, in the order in which they were sent."""

    sent: list[tuple[Job, float]] = field(default_factory=list)

    async def wake(self, session_id: str, *, delay: float = 0) -> None:
        self.sent.append((Wake(session_id=session_id), delay))

    async def guard(self, session_id: str, runner: str, *, delay: float, sent: int | None = None) -> None:
        self.sent.append((Guard(session_id=session_id, runner=runner, sent=sent), delay))

    async def hand_over(self, session_id: str, runner: str) -> None:
        self.sent.append((HandOver(session_id=session_id, runner=runner), 0))

    async def purge(self, session_id: str, tag: str, *, delay: float) -> None:
        self.sent.append((Purge(session_id=session_id, tag=tag), delay))

    async def title(self, session_id: str, tag: str) -> None:
        self.sent.append((Title(session_id=session_id, tag=tag), 0))

    async def summarize(self, session_id: str, tag: str, *, delay: float = 0, tries: int = 0) -> None:
        self.sent.append((Summarize(session_id=session_id, tag=tag, tries=tries), delay))

    def take(self, kind: type[Job]) -> list[Job]:
        """Remove and return the jobs of one kind."""
        taken = [job for job, _ in self.sent if isinstance(job, kind)]
        self.sent = [(job, delay) for job, delay in self.sent if not isinstance(job, kind)]
        return taken
