"""Metrics, as an interface: turns, tokens, tools and queues."""

from __future__ import annotations

from typing import Literal, Protocol

TurnStatus = Literal["done", "interrupted", "failed"]


class Meter(Protocol):
    """Takes figures without delaying or failing the caller."""

    def turn(self, app: str, status: TurnStatus, ms: int) -> None:
        """A turn ended with `status`, `ms` after it had begun."""
        ...

    def first_token(self, app: str, ms: int) -> None:
        """The first text of a turn came `ms` after it had begun."""
        ...

    def model_call(self, app: str, tokens_in: int | None, tokens_out: int | None, dollars: float | None) -> None:
        """A model was called. None is unknown, and is not counted."""
        ...

    def tool_call(self, app: str, tool: str, ms: int, *, failed: bool) -> None:
        """A tool was called over HTTP, for `ms`; `failed`: without the answer it was called for."""
        ...

    def dead_runner(self, app: str) -> None:
        """A guard found a turn whose runner had died."""
        ...

    def queued(self, queue: str, ms: int) -> None:
        """A message was handled `ms` after it was due."""
        ...

    def flush(self) -> None:
        """Write what is held: the function may be frozen after this."""
        ...


class NoMeter:
    """Counts nothing."""

    def turn(self, app: str, status: TurnStatus, ms: int) -> None: ...

    def first_token(self, app: str, ms: int) -> None: ...

    def model_call(self, app: str, tokens_in: int | None, tokens_out: int | None, dollars: float | None) -> None: ...

    def tool_call(self, app: str, tool: str, ms: int, *, failed: bool) -> None: ...

    def dead_runner(self, app: str) -> None: ...

    def queued(self, queue: str, ms: int) -> None: ...

    def flush(self) -> None: ...
