"""Metrics as log lines for people: the local stack's meter."""

from __future__ import annotations

import logging

from attache.telemetry.meter import TurnStatus

log = logging.getLogger("attache.meter")


class LogMeter:
    """Logs each figure as it comes."""

    def turn(self, app: str, status: TurnStatus, ms: int) -> None:
        log.info("%s: turn %s, %d ms", app, status, ms)

    def first_token(self, app: str, ms: int) -> None:
        log.info("%s: first text after %d ms", app, ms)

    def model_call(self, app: str, tokens_in: int | None, tokens_out: int | None, dollars: float | None) -> None:
        cost = "cost unknown" if dollars is None else f"${dollars:.4f}"
        log.info("%s: model call, %s tokens in, %s out, %s", app, _said(tokens_in), _said(tokens_out), cost)

    def tool_call(self, app: str, tool: str, ms: int, *, failed: bool) -> None:
        log.info("%s: tool %s %s, %d ms", app, tool, "failed" if failed else "answered", ms)

    def dead_runner(self, app: str) -> None:
        log.info("%s: a runner died", app)

    def queued(self, queue: str, ms: int) -> None:
        if ms > SLOW:
            log.info("a message of %s was handled %d ms late", queue, ms)

    def flush(self) -> None: ...


SLOW = 1_000  # milliseconds


def _said(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"
