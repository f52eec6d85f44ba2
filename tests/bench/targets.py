"""The figures that must hold: session-log.md, "What it costs", and what a poll and a million turns may cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.bill import Bill
from tests.bench.measuring import Figures


@dataclass(frozen=True)
class Target:
    """A figure and the most that it may be."""

    name: str
    figure: float
    most: float

    @property
    def met(self) -> bool:
        return self.figure <= self.most


def targets(figures: Figures, bill: Bill) -> list[Target]:
    work = figures.work
    return [
        Target("write units, plain turn", work["plain turn, cold"].write_units, 20),
        Target("write units, first turn of a session", work["plain turn, first of its session"].write_units, 28),
        Target("read units, plain turn, cold", work["plain turn, cold"].read_units, 40),
        Target("read units, plain turn, warm", work["plain turn, warm"].read_units, 6),
        *_windows(figures),
        Target("read units, poll that finds nothing", work["poll that finds nothing, cold"].read_units, 1),
        Target("round trips before the model, cold", work["plain turn, cold"].round_trips or 0, 2),
        Target("round trips before the model, warm", work["plain turn, warm"].round_trips or 0, 2),
        *_flat(figures),
        Target("units of writing: counted less computed", _difference(figures), 0),
        Target("dollars, a million turns of 10 s", bill.total, 90),
        Target("dollars, of these not for waiting", bill.besides_waiting, 25),
        Target("dollars, with what is kept until it expires", bill.total + bill.kept, 90),
        Target("dollars, of these not for waiting, with the same", bill.besides_waiting + bill.kept, 25),
    ]


def _windows(figures: Figures) -> Iterator[Target]:
    for name, tally in figures.windows.items():
        yield Target(f"read units, cold; {name}", tally.read_units, 40)


def _flat(figures: Figures) -> Iterator[Target]:
    """Beyond a full window nothing but the snapshot grows with history."""
    for name, sizes in figures.growth.items():
        if not name.startswith("snapshot"):
            full, *longer = [tally.read_units for size, tally in sizes.items() if size >= 100]
            yield Target(f"read units, longest history: {name}", max(longer, default=full), full + 1)


def _difference(figures: Figures) -> float:
    tallies = [*figures.work.values(), *figures.windows.values()]
    tallies += [tally for sizes in figures.growth.values() for tally in sizes.values()]
    return sum(abs(tally.write_units - tally.reported_write_units) for tally in tallies)
