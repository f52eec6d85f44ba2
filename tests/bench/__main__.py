"""`make bench`: what the service asks of AWS, counted on an embedded one, and what that costs.

Only start-up is timed, in processor time. A target that is missed is marked; with `--check` the exit status is then 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.bench.bill import bills
from tests.bench.containers import house
from tests.bench.measuring import SIZES, Figures, measure
from tests.bench.report import as_json, show
from tests.bench.scenarios import Bench
from tests.bench.start_report import built_sizes, show_starts, starts_as_json
from tests.bench.startup import starts
from tests.bench.targets import targets


def main() -> int:
    asked = _arguments().parse_args()
    logging.disable(logging.WARNING)
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # SAM's transform wants one
    figures = asyncio.run(_measured(tuple(asked.sizes)))
    priced = bills(figures)
    held = targets(figures, priced[0])
    started, unpacked = starts(), built_sizes()
    console = Console(width=150 if not sys.stdout.isatty() else None)
    if asked.json:
        console.print_json(json.dumps(as_json(figures, priced, held) | starts_as_json(started, unpacked)))
    else:
        show(console, figures, priced, held)
        show_starts(console, started, unpacked)
    return 1 if asked.check and not all(target.met for target in held) else 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    parser.add_argument("--check", action="store_true", help="fail where a target is missed")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="messages of the histories that grow")
    return parser


async def _measured(sizes: tuple[int, ...]) -> Figures:
    with tempfile.TemporaryDirectory() as directory:
        async with house(Path(directory)) as opened:
            return await measure(Bench(opened), sizes)


if __name__ == "__main__":
    sys.exit(main())
