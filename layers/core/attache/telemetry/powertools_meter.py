"""Metrics in CloudWatch's embedded metric format: log lines on standard output, which need no request.

The namespace is `Attache`. Each set of dimensions is billed as a metric of its own (CloudWatch, "custom metrics"), so
there are two: the stage, for alarms and totals, and the stage with the app. Metrics without values are not written,
because a silent metric costs nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from attache.telemetry.meter import TurnStatus

NAMESPACE = "Attache"
UNITS = {
    "Turns": "Count",
    "FailedTurns": "Count",
    "InterruptedTurns": "Count",
    "TurnTime": "Milliseconds",
    "FirstToken": "Milliseconds",
    "InputTokens": "Count",
    "OutputTokens": "Count",
    "Cost": "None",  # US dollars
    "ToolTime": "Milliseconds",
    "ToolErrors": "Count",
    "DeadRunners": "Count",
    "QueueAge": "Milliseconds",
}
_ENDED_AS: Mapping[TurnStatus, str | None] = {"done": None, "interrupted": "InterruptedTurns", "failed": "FailedTurns"}
MOST = 100  # values of one metric in a line (CloudWatch, "Embedded metric format specification")

Dimensions = tuple[tuple[str, str], ...]
Write = Callable[[str], None]


def to_stdout(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - where CloudWatch reads it


class PowertoolsMeter:
    """Collects figures until `flush`, then writes one line for each app and queue that has some."""

    def __init__(self, stage: str, write: Write = to_stdout) -> None:
        self._stage = stage
        self._write = write
        self._held: dict[Dimensions, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def turn(self, app: str, status: TurnStatus, ms: int) -> None:
        self._add(app, "Turns", 1)
        self._add(app, "TurnTime", ms)
        if ended_as := _ENDED_AS[status]:
            self._add(app, ended_as, 1)

    def first_token(self, app: str, ms: int) -> None:
        self._add(app, "FirstToken", ms)

    def model_call(self, app: str, tokens_in: int | None, tokens_out: int | None, dollars: float | None) -> None:
        for name, value in (("InputTokens", tokens_in), ("OutputTokens", tokens_out), ("Cost", dollars)):
            if value is not None:
                self._add(app, name, value)

    def tool_call(self, app: str, tool: str, ms: int, *, failed: bool) -> None:  # noqa: ARG002 - billed for each
        self._add(app, "ToolTime", ms)
        if failed:
            self._add(app, "ToolErrors", 1)

    def dead_runner(self, app: str) -> None:
        self._add(app, "DeadRunners", 1)

    def queued(self, queue: str, ms: int) -> None:
        self._held[("stage", self._stage), ("queue", queue)]["QueueAge"].append(ms)

    def flush(self) -> None:
        held, self._held = self._held, defaultdict(lambda: defaultdict(list))
        for dimensions, metrics in held.items():
            self._write(_line(dimensions, metrics))

    def _add(self, app: str, name: str, value: float) -> None:
        values = self._held[("stage", self._stage), ("app", app)][name]
        values.append(value)
        if len(values) == MOST - 1:  # Powertools by itself writes at a hundred, in the middle of a request
            self.flush()


def _line(dimensions: Dimensions, metrics: Mapping[str, Sequence[float]]) -> str:
    # this import takes a tenth of a second, which a function that counts nothing should not spend
    from aws_lambda_powertools.metrics import EphemeralMetrics

    stage, of = dimensions
    emf = EphemeralMetrics(namespace=NAMESPACE)
    emf.service = ""  # an environment variable may name a service, which would become a dimension
    emf.add_dimension(*stage)
    if of[0] == "app":
        emf.add_dimensions(**dict(dimensions))
    else:
        emf.add_dimension(*of)
    for name, values in metrics.items():
        for value in values:
            emf.add_metric(name, UNITS[name], value)
    return json.dumps(emf.serialize_metric_set(), separators=(",", ":"))
