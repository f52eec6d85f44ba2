"""`make scaling`: the tables of infra/SCALING.md, computed from what the bench counts.

`--measure` counts anew first, on an embedded AWS, and keeps the figures in infra/scaling.json.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from tests.bench.containers import house
from tests.bench.demand import CLIENTS, EACH, Client, Demand, Measured, demand
from tests.bench.limits import LIMITS, Limit
from tests.bench.measuring import FULL, WORK, Figures, warm_up
from tests.bench.prices import COMPUTE, GATEWAY, GB, INSTANCE, INVOCATION, MANAGEMENT, OUT, QUEUE, READ, WRITE
from tests.bench.scenarios import SECONDS, Bench
from tests.bench.searching import MONTH_HOURS, PASSAGES, SEARCHES, Collection
from tests.bench.tally import Tally

DOCUMENT = Path(__file__).resolve().parents[2] / "infra" / "SCALING.md"
CONVERSATIONS = (10, 1_000, 100_000)
RATE = 100.0  # execution environments a second and function (Lambda scaling behavior)
HOUR = 3_600
INSTANCE_CPUS, INSTANCE_GB = 2, 8  # m7g.large
PER_CPU = 16  # Lambda's default for Python (Python runtime for Lambda Managed Instances)
ZONES = 3  # an instance in each is the least
_TABLE = re.compile(r"(<!-- (\w+): made by `make scaling` -->\n).*?(<!-- /\2 -->)", re.DOTALL)


def measured_table(measured: Measured) -> str:
    said = {
        "reads": "read units of a turn and its guard",
        "writes": "write units of the same",
        "queue": "queue requests of the same",
        "sealed": "requests to KMS of a turn with two tools and a secret, nothing cached",
        "bytes_out": "bytes of a streamed answer",
        "snapshot_reads": "read units of a turn in the snapshot dialect",
        "snapshot_writes": "write units of it",
        "snapshot_queue": "queue requests of it",
        "snapshot_workers": "invocations of the worker for it",
        "poll_reads": "read units of a poll while a turn runs",
        "poll_bytes": "bytes of its answer",
        "channel_reads": "read units of an open updates channel, a minute",
    }
    rows = [(said[field.name], _number(getattr(measured, field.name))) for field in fields(measured)]
    return _table(("what the bench counts", ""), rows)


def load_table(measured: Measured) -> str:
    """A second of it, for each kind of client."""
    columns: Mapping[str, Callable[[Demand], float]] = {
        "turns": lambda load: load.turns,
        "functions at once": lambda load: load.running,
        "of them workers": lambda load: load.workers,
        "GB": lambda load: load.gigabytes,
        "API requests": lambda load: load.requests,
        "read units": lambda load: load.reads,
        "write units": lambda load: load.writes,
        "queue requests": lambda load: load.queue,
    }
    rows = []
    for client in CLIENTS:
        for count in CONVERSATIONS:
            load = demand(client, count, measured)
            rows.append((client, f"{count:,}", *(_number(asked(load)) for asked in columns.values())))
    return _table(("clients", "conversations", *columns), rows)


def limits_table(measured: Measured) -> str:
    """Limits by the conversations at which streaming clients reach them; what comes first is at the top."""
    ordered = sorted(LIMITS, key=lambda limit: limit.reached("streams", measured) or float("inf"))
    rows = [
        (
            limit.what,
            f"{limit.most:,.0f}",
            *(_reached(limit, client, measured) for client in CLIENTS),
            limit.raise_it,
            limit.price,
        )
        for limit in ordered
    ]
    rows = [(*row, limit.source) for row, limit in zip(rows, ordered, strict=True)]
    return _table(("limit", "default", *CLIENTS, "what to raise", "its price", "source"), rows)


def ramp_table(measured: Measured) -> str:
    """How long Lambda takes to start the chat functions of conversations that all begin at once."""
    rows = [
        (
            f"{count:,}",
            f"{count * SECONDS / EACH:,.0f}",
            f"{count * SECONDS / EACH / RATE:,.1f} s",
            f"{count / RATE:,.1f} s",
        )
        for count in CONVERSATIONS
    ]
    return _table(("conversations", "chats at once", "until they run", "until an updates channel of each runs"), rows)


def price_table(measured: Measured) -> str:
    """Dollars an hour, without the models'; of it the compute, and what that is on managed instances."""
    rows = []
    for client in CLIENTS:
        for count in CONVERSATIONS:
            load = demand(client, count, measured)
            instances = _instances(load)
            rows.append(
                (
                    client,
                    f"{count:,}",
                    _dollars(price(load)),
                    _dollars(_compute(load)),
                    f"{_dollars(instances * _instance())} ({instances:,})",
                    f"{count * HOUR / EACH:,.0f}",
                )
            )
    head = ("clients", "conversations", "an hour", "of it compute", "compute on managed instances", "turns an hour")
    return _table(head, rows)


def search_table(_: Measured) -> str:
    """What a collection of OpenSearch Serverless takes, by how much is in it."""
    rows = [
        (
            f"{each.passages:,}",
            f"{each.vector_bytes / GB:,.2f}",
            f"{each.units}",
            _dollars(each.awake),
            f"{each.awake * MONTH_HOURS:,.0f}",
            _dollars(each.kept),
        )
        for each in map(Collection, PASSAGES)
    ]
    head = (
        "passages", "GB of vectors in memory", "units for searching", "dollars an hour awake", "a month, never asleep",
        "a month, asleep",
    )  # fmt: skip
    return _table(head, rows)


def searches_table(_: Measured) -> str:
    """Searches that conversations ask for, where one turn in three searches."""
    rows = [
        (f"{count:,}", _number(count / EACH * SEARCHES), _number(2 * count / EACH * SEARCHES))
        for count in CONVERSATIONS
    ]
    return _table(("conversations", "searches a second, and questions to embed", "queries of them"), rows)


def price(load: Demand) -> float:
    """Dollars for an hour of a load, without what is kept and without the models."""
    invoked = load.requests + load.turns  # guards; an updates channel is invoked once in 14 minutes
    parts = (
        (load.requests, GATEWAY), (invoked, INVOCATION), (load.reads, READ), (load.writes, WRITE),
        (load.queue, QUEUE), (load.bytes_out, OUT),
    )  # fmt: skip
    return _compute(load) + HOUR * sum(count * each.dollars for count, each in parts)


def _compute(load: Demand) -> float:
    return HOUR * load.gigabytes * COMPUTE.dollars


def _instances(load: Demand) -> int:
    """By concurrency, and no fewer than one in each zone."""
    return max(ZONES, -(-round(load.running) // (PER_CPU * INSTANCE_CPUS)))


def _instance() -> float:
    return INSTANCE.dollars * (1 + MANAGEMENT)


TABLES: Mapping[str, Callable[[Measured], str]] = {
    "measured": measured_table,
    "load": load_table,
    "limits": limits_table,
    "ramp": ramp_table,
    "price": price_table,
    "search": search_table,
    "searches": searches_table,
}


def written(document: str, measured: Measured) -> str:
    """The document with its tables as they follow from these figures."""
    return _TABLE.sub(lambda found: f"{found[1]}{TABLES[found[2]](measured)}\n{found[3]}", document)


def _reached(limit: Limit, client: Client, measured: Measured) -> str:
    reached = limit.reached(client, measured)
    return "never" if reached is None else f"{float(f'{reached:.2g}'):,.0f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def _number(figure: float) -> str:
    """Two significant digits below ten, whole numbers above."""
    return f"{figure:,.0f}" if figure >= 10 else f"{figure:.2g}"


def _dollars(figure: float) -> str:
    return f"{figure:,.2f}" if figure < 100 else f"{figure:,.0f}"


async def measure() -> Measured:
    """Only what the document stands on, side by side."""
    wanted = (
        "plain turn, cold", "turn with two tools, cold", "plain turn, snapshot dialect", "guard of an ended turn",
        "20 polls while a turn runs", "updates, an idle minute",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as directory:
        async with house(Path(directory)) as opened:
            bench = Bench(opened)
            await warm_up(bench)
            tallies = await asyncio.gather(*[_counted(bench, name) for name in wanted])
    return Measured.of(Figures(dict(zip(wanted, tallies, strict=True)), {}, {}))


async def _counted(bench: Bench, name: str) -> Tally:
    return await WORK[name](bench, await bench.session(FULL))


def main() -> int:
    parser = argparse.ArgumentParser(prog="make scaling", description=__doc__)
    parser.add_argument("--measure", action="store_true", help="count anew first")
    if parser.parse_args().measure:
        logging.disable(logging.WARNING)
        asyncio.run(measure()).keep()
    DOCUMENT.write_text(written(DOCUMENT.read_text(), Measured.kept()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
