"""Traces, if they are on: a turn, its model calls and its tool calls as subsegments of X-Ray's trace.

Each is sent complete, with its times, when it ends: calls run in parallel, and X-Ray's own context knows only one open
subsegment at a time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, MutableMapping
from functools import cached_property
from typing import Any

from attache.telemetry.about import about
from attache.telemetry.meter import TurnStatus
from attache.telemetry.powertools_meter import PowertoolsMeter, Write, to_stdout

TRACE = "_X_AMZN_TRACE_ID"  # the variable in which Lambda tells the SDK the trace of this invocation


class PowertoolsTraces:
    """Uses Powertools' tracer, which is imported with the first span. Without a sampled trace nothing is sent."""

    def __init__(
        self, environ: MutableMapping[str, str] = os.environ, seconds: Callable[[], float] = time.time
    ) -> None:
        self._environ = environ
        self._seconds = seconds

    def span(self, name: str, ms: int, *, failed: bool = False) -> None:
        """Record that something called `name` (`turn`, `tool GetPrice`) took so long and has just ended."""
        recorder, ended, known = self._recorder, self._seconds(), about()
        if "trace" in known:
            self._environ[TRACE] = known["trace"]  # behind the Lambda Web Adapter, Lambda tells only the adapter
        span = recorder.begin_subsegment(name)
        if span is None:
            return
        span.start_time = ended - ms / 1000
        for annotation in ("app", "session"):
            if annotation in known:
                span.put_annotation(annotation, known[annotation])
        if failed:
            span.add_error_flag()
        recorder.end_subsegment(ended)

    @cached_property
    def _recorder(self) -> Any:
        from aws_lambda_powertools.tracing import Tracer

        return Tracer(service="attache", auto_patch=False).provider


class TracedMeter(PowertoolsMeter):
    """Metrics, and a span for each turn and tool call that is counted."""

    def __init__(self, stage: str, traces: PowertoolsTraces, write: Write = to_stdout) -> None:
        super().__init__(stage, write)
        self._traces = traces

    def turn(self, app: str, status: TurnStatus, ms: int) -> None:
        super().turn(app, status, ms)
        self._traces.span("turn", ms, failed=status == "failed")

    def tool_call(self, app: str, tool: str, ms: int, *, failed: bool) -> None:
        super().tool_call(app, tool, ms, failed=failed)
        self._traces.span(f"tool {tool}", ms, failed=failed)
