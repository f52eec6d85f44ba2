"""Jobs of the tool worker that a test looks at, and brings when it wants."""

from __future__ import annotations

from dataclasses import dataclass, field

from attache.turns.tool_jobs import ToolJob


@dataclass
class FakeToolJobs:
    """`sent` are the jobs with their delays in seconds, in the order in which they were sent."""

    sent: list[tuple[ToolJob, float]] = field(default_factory=list)

    async def send(self, job: ToolJob, *, delay: float = 0) -> None:
        self.sent.append((job, delay))

    def take(self) -> list[ToolJob]:
        """Remove and return all of them."""
        taken, self.sent = [job for job, _ in self.sent], []
        return taken
