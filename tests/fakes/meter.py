"""A meter that remembers."""

from __future__ import annotations

from dataclasses import dataclass, field

from attache.telemetry.meter import TurnStatus

Figure = tuple[str, str, object]


@dataclass
class FakeMeter:
    """What was counted: `held` until it is flushed, then `written`. Each is (what, whose, how it went)."""

    held: list[Figure] = field(default_factory=list)
    written: list[Figure] = field(default_factory=list)

    def of(self, what: str) -> list[object]:
        """How it went, of everything of this kind that was written."""
        return [how for kind, _, how in self.written if kind == what]

    def turn(self, app: str, status: TurnStatus, ms: int) -> None:
        assert ms >= 0
        self.held.append(("turn", app, status))

    def first_token(self, app: str, ms: int) -> None:
        self.held.append(("first token", app, ms))

    def model_call(self, app: str, tokens_in: int | None, tokens_out: int | None, dollars: float | None) -> None:
        self.held.append(("model call", app, (tokens_in, tokens_out, dollars)))

    def tool_call(self, app: str, tool: str, ms: int, *, failed: bool) -> None:
        self.held.append(("tool call", app, (tool, ms, failed)))

    def dead_runner(self, app: str) -> None:
        self.held.append(("dead runner", app, None))

    def queued(self, queue: str, ms: int) -> None:
        self.held.append(("queued", queue, ms))

    def flush(self) -> None:
        self.written += self.held
        self.held = []
