"""Start-up and sizes, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.sizes import Size, sizes
from tests.bench.startup import BOTO3, NOTHING, ROOT, Start

BUILT = ROOT / ".aws-sam/build"


def built_sizes(built: Path = BUILT) -> list[Size]:
    """What `make build` built; nothing where it did not."""
    return sizes(built) if (built / "template.yaml").exists() else []


def show_starts(console: Console, starts: Mapping[str, Start], found: Sequence[Size]) -> None:
    console.print(_starts(starts))
    console.print(_sizes(found) if found else "Sizes: `make build` has built nothing yet.")


def starts_as_json(starts: Mapping[str, Start], found: Sequence[Size]) -> dict[str, Any]:
    return {
        "start-up": {
            name: {
                **asdict(start),
                "to nothing": _to(starts, start, NOTHING),
                "to its libraries": _to(starts, start, BOTO3),
            }
            for name, start in starts.items()
        },
        "sizes": [{**asdict(size), "most": size.most} for size in found],
    }


def _starts(starts: Mapping[str, Start]) -> Table:
    table = Table(title="Start-up: a new interpreter imports", title_justify="left")
    table.add_column("")
    for name in ("processor, ms", "memory, MB", "times `pass`", f"times `{BOTO3}`"):
        table.add_column(name, justify="right")
    for name, start in starts.items():
        ratios = (f"{_to(starts, start, base):.2f}" for base in (NOTHING, BOTO3))
        table.add_row(name, f"{start.seconds * 1000:.0f}", f"{start.megabytes:.0f}", *ratios)
    return table


def _to(starts: Mapping[str, Start], start: Start, base: str) -> float:
    return start.seconds / starts[base].seconds


def _sizes(found: Sequence[Size]) -> Table:
    table = Table(title="Unpacked, as built for Lambda", title_justify="left")
    table.add_column("")
    for name in ("layers of ours", "MB", "at most"):
        table.add_column(name, justify="right")
    for size in found:
        table.add_row(size.function, ", ".join(size.layers), f"{size.megabytes:.1f}", str(size.most))
    return table
