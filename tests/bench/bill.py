"""What a million turns of ten seconds cost, by part: counted requests and units, at public prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from attache.telemetry.powertools_meter import PowertoolsMeter
from attache.turns.summaries import BLOCKS
from tests.bench.measuring import Figures
from tests.bench.prices import (
    BUCKET,
    COMPUTE,
    DECRYPT,
    GATEWAY,
    INVOCATION,
    KEEPING,
    LOGS,
    LOGS_KEPT,
    OUT,
    QUEUE,
    READ,
    RECOVERY,
    WRITE,
    Price,
)
from tests.bench.scenarios import POLLS, SECONDS
from tests.bench.tally import Tally

TEMPLATE = Path(__file__).resolve().parents[2] / "template.yaml"
MILLION = 1_000_000
GUARD_SECONDS = 0.1  # of the worker for a guard that finds nothing to do: assumed
SUMMARY_SECONDS = 6.0  # of the worker, nearly all of them waiting for a small model: assumed
POLL_SECONDS = 0.05  # of the state function: assumed
LOG_BYTES = 600  # a request's line of access log, and what a function may say: assumed
LOGS_MONTHS = 1.0  # template.yaml, LogRetentionDays
WAITING = "the function, waiting for the model"


@dataclass(frozen=True)
class Part:
    """Dollars for a million turns, and what they are for."""

    name: str
    dollars: float
    basis: str


@dataclass(frozen=True)
class Bill:
    """What a million of `name` costs: to run, and then to keep until its entries expire."""

    name: str
    running: tuple[Part, ...]
    keeping: tuple[Part, ...] = ()

    @property
    def total(self) -> float:
        return sum(part.dollars for part in self.running)

    @property
    def besides_waiting(self) -> float:
        return sum(part.dollars for part in self.running if part.name != WAITING)

    @property
    def kept(self) -> float:
        return sum(part.dollars for part in self.keeping)


@cache
def memory(function: str) -> int:
    """Megabytes that template.yaml gives a function."""
    template = yaml.load(TEMPLATE.read_text(), _Template)  # a SafeLoader
    properties: Mapping[str, Any] = template["Resources"][function]["Properties"]
    size = properties.get("MemorySize", template["Globals"]["Function"]["MemorySize"])
    return int(template["Parameters"][size.name]["Default"] if isinstance(size, _Ref) else size)


def bills(figures: Figures) -> list[Bill]:
    turn, guard = figures.work["plain turn, cold"], figures.work["guard of an ended turn"]
    return [
        Bill("a turn of 10 s, streamed", (_waiting(), *_streamed(turn), *_guarded(guard)), _kept(turn)),
        _snapshot(figures.work["plain turn, snapshot dialect"]),
        _polls(figures.work["20 polls while a turn runs"]),
        _summaries(figures.work["summary of older turns"]),
    ]


def _waiting(functions: int = 1) -> Part:
    megabytes = memory("ChatFunction")
    return _part(
        WAITING, SECONDS * megabytes / 1024 * functions, COMPUTE, f"{functions} x {SECONDS:g} s at {megabytes} MB"
    )


def _streamed(turn: Tally) -> list[Part]:
    return [
        _part("the function, invoked", turn.invocations.total(), INVOCATION, "invocations"),
        *_gateway(turn),
        *_storage(turn),
        _part("queue: the guard is sent", turn.count("sqs"), QUEUE, "requests"),
        *_logs(counted=_metric_bytes()),
    ]


def _guarded(guard: Tally) -> list[Part]:
    return [
        _part("guard: received and deleted", guard.count("sqs"), QUEUE, "requests"),
        _part("guard: worker invoked", guard.invocations.total(), INVOCATION, "invocations"),
        _worked(1),
        _part("guard: the tail is read", guard.read_units, READ, "units"),
    ]


def _summaries(job: Tally) -> Bill:
    """Its share of each of the turns that leave with one summary."""
    turns, megabytes = (BLOCKS.full - BLOCKS.kept) // 2, memory("TurnsFunction")
    share = f"of {turns} turns together"
    running = (
        _part(WAITING, SUMMARY_SECONDS * megabytes / 1024 / turns, COMPUTE, f"{SUMMARY_SECONDS:g} s {share}"),
        _part("worker, invoked", job.invocations.total() / turns, INVOCATION, f"1 {share}"),
        _part("queue: sent, received, deleted", (job.count("sqs") + 1) / turns, QUEUE, f"3 {share}"),
        _part("storage: writes", job.write_units / turns, WRITE, f"{job.write_units} units {share}"),
        _part("storage: reads", job.read_units / turns, READ, f"{job.read_units:g} units {share}"),
    )
    return Bill(f"turns of sessions with over {BLOCKS.full // 2}: their summaries", running)


def _worked(guards: int) -> Part:
    megabytes = memory("TurnsFunction")
    basis = f"{guards} x {GUARD_SECONDS:g} s at {megabytes} MB"
    return _part("guard: worker runs", guards * GUARD_SECONDS * megabytes / 1024, COMPUTE, basis)


def _snapshot(turn: Tally) -> Bill:
    """Two functions wait: the one that answers, and the worker that runs the turn."""
    guards = turn.invocations["turns"] - 1
    running = [
        _waiting(2),
        _part("functions, invoked", turn.invocations.total(), INVOCATION, "invocations"),
        _worked(guards),
        *_gateway(turn),
        *_storage(turn),
        _part("queue: guards and the wake-up", turn.count("sqs"), QUEUE, "requests"),
        *_logs(counted=_metric_bytes()),
    ]
    return Bill("the same in the snapshot dialect", tuple(running), _kept(turn))


def _polls(polls: Tally) -> Bill:
    megabytes = memory("StateFunction")
    basis = f"{POLLS} x {POLL_SECONDS:g} s at {megabytes} MB"
    running = [
        _part("the function runs", POLLS * POLL_SECONDS * megabytes / 1024, COMPUTE, basis),
        _part("the function, invoked", polls.invocations.total(), INVOCATION, "invocations"),
        *_gateway(polls),
        *_storage(polls),
        *_logs(POLLS),
    ]
    return Bill("20 polls of state for each", tuple(running))


def _gateway(work: Tally) -> list[Part]:
    asked = work.invocations.total() - work.invocations["turns"]
    return [
        _part("gateway", asked, GATEWAY, "requests"),
        _part("gateway: data out", work.bytes_out, OUT, "bytes"),
    ]


def _storage(work: Tally) -> list[Part]:
    parts = [
        _part("storage: writes", work.write_units, WRITE, "units"),
        _part("storage: reads", work.read_units, READ, "units"),
        _part("bucket", work.count("s3"), BUCKET, "requests"),
        _part("key", work.count("kms"), DECRYPT, "requests"),
    ]
    return [part for part in parts if part.dollars]


def _logs(requests: int = 1, counted: int = 0) -> list[Part]:
    """`counted` bytes are what metrics take."""
    assumed = requests * LOG_BYTES
    dollars = (assumed + counted) * (LOGS.dollars + LOGS_KEPT.dollars * LOGS_MONTHS) * MILLION
    return [Part("logs", dollars, f"{assumed} bytes, assumed" + (f", and {counted} of metrics" if counted else ""))]


def _metric_bytes() -> int:
    """What a turn of one model call writes, and its guard."""
    lines: list[str] = []
    meter = PowertoolsMeter("prod", lines.append)
    meter.first_token("mycoindex", 1_234)
    meter.model_call("mycoindex", 12_345, 750, 0.0123)
    meter.turn("mycoindex", "done", 10_000)
    meter.flush()
    meter.queued("turns", 120)
    meter.flush()
    return sum(len(line.encode()) + 1 for line in lines)


def _kept(work: Tally) -> tuple[Part, ...]:
    return (
        _part("kept in the tables until it expires", work.byte_months, KEEPING, "byte-months"),
        _part("point-in-time recovery of it", work.byte_months, RECOVERY, "byte-months"),
    )


def _part(name: str, count: float, price: Price, basis: str) -> Part:
    said = basis if basis[:1].isdigit() else f"{count:,.0f} {basis}"
    return Part(name, count * price.dollars * MILLION, said)


@dataclass(frozen=True)
class _Ref:
    """A parameter, or a resource."""

    name: str


class _Template(yaml.SafeLoader):
    """CloudFormation's YAML; of its short functions only `!Ref` is of interest here."""


_Template.add_multi_constructor("!", lambda loader, suffix, node: suffix)
_Template.add_constructor("!Ref", lambda loader, node: _Ref(node.value))
