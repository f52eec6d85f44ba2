"""What conversations ask of AWS each second, from what the bench has counted of one turn."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from tests.bench.bill import GUARD_SECONDS, POLL_SECONDS, memory
from tests.bench.measuring import Figures
from tests.bench.scenarios import POLLS, SECONDS

MEASURED = Path(__file__).resolve().parents[2] / "infra" / "scaling.json"
EACH = 60.0  # seconds from one turn of a conversation to the next: assumed
Client = Literal["streams", "streams, and updates held open", "snapshots, and two polls a second meanwhile"]
CLIENTS: tuple[Client, ...] = (
    "streams",
    "streams, and updates held open",
    "snapshots, and two polls a second meanwhile",
)


@dataclass(frozen=True)
class Measured:
    """One turn of ten seconds over a full window, its guards included; a poll; a minute of an update channel."""

    reads: float
    writes: float
    queue: float
    sealed: float  # requests to KMS of a turn with two tools whose app has a secret
    bytes_out: float
    snapshot_reads: float
    snapshot_writes: float
    snapshot_queue: float
    snapshot_workers: float  # invocations of the worker
    poll_reads: float
    poll_bytes: float
    channel_reads: float

    @classmethod
    def of(cls, figures: Figures) -> Measured:
        work = figures.work
        turn, guard, snapshot = (
            work["plain turn, cold"],
            work["guard of an ended turn"],
            work["plain turn, snapshot dialect"],
        )
        polls = work["20 polls while a turn runs"]
        return cls(
            reads=turn.read_units + guard.read_units,
            writes=turn.write_units + guard.write_units,
            queue=turn.count("sqs") + guard.count("sqs"),
            sealed=work["turn with two tools, cold"].count("kms"),
            bytes_out=turn.bytes_out,
            snapshot_reads=snapshot.read_units,
            snapshot_writes=snapshot.write_units,
            snapshot_queue=snapshot.count("sqs"),
            snapshot_workers=snapshot.invocations["turns"],
            poll_reads=polls.read_units / POLLS,
            poll_bytes=polls.bytes_out / POLLS,
            channel_reads=work["updates, an idle minute"].read_units,
        )

    @classmethod
    def kept(cls) -> Measured:
        """As it was measured last, and is kept beside the document."""
        return cls(**json.loads(MEASURED.read_text()))

    def keep(self) -> None:
        MEASURED.write_text(json.dumps(asdict(self), indent=2) + "\n")


@dataclass(frozen=True)
class Demand:
    """A second of it. `running`: functions that run at one moment; `workers`: those of them that the queue feeds."""

    turns: float
    running: float
    workers: float
    gigabytes: float  # memory of what runs
    requests: float
    reads: float
    writes: float
    queue: float
    sealed: float
    bytes_out: float


def demand(client: Client, conversations: int, measured: Measured) -> Demand:
    """What so many conversations ask, each with a turn of ten seconds a minute."""
    turns = conversations / EACH
    if client == "snapshots, and two polls a second meanwhile":
        return _snapshots(turns, measured)
    held = conversations if client == "streams, and updates held open" else 0
    chats, guards = turns * SECONDS, turns * GUARD_SECONDS
    return Demand(
        turns=turns,
        running=chats + guards + held,
        workers=guards,
        gigabytes=chats * _gb("ChatFunction") + guards * _gb("TurnsFunction") + held * _gb("UpdatesFunction"),
        requests=turns,
        reads=turns * measured.reads + held * measured.channel_reads / 60,
        writes=turns * measured.writes,
        queue=turns * measured.queue,
        sealed=turns * measured.sealed,
        bytes_out=turns * measured.bytes_out * (2 if held else 1),
    )


def _snapshots(turns: float, measured: Measured) -> Demand:
    """The chat function waits, a worker runs the turn, and the client polls."""
    polls = turns * POLLS
    chats, workers = turns * SECONDS, turns * (SECONDS + (measured.snapshot_workers - 1) * GUARD_SECONDS)
    state = polls * POLL_SECONDS
    return Demand(
        turns=turns,
        running=chats + workers + state,
        workers=workers,
        gigabytes=chats * _gb("ChatFunction") + workers * _gb("TurnsFunction") + state * _gb("StateFunction"),
        requests=turns + polls,
        reads=turns * measured.snapshot_reads + polls * measured.poll_reads,
        writes=turns * measured.snapshot_writes,
        queue=turns * measured.snapshot_queue,
        sealed=turns * measured.sealed,
        bytes_out=turns * measured.bytes_out + polls * measured.poll_bytes,
    )


def _gb(function: str) -> float:
    return memory(function) / 1024
