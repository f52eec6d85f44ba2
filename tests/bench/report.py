"""The bench's figures for people, and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.bill import Bill
from tests.bench.measuring import Figures
from tests.bench.prices import ALL
from tests.bench.tally import Tally
from tests.bench.targets import Target

COLUMNS = ("read units", "write units", "reported", "SQS", "S3", "KMS", "bytes out", "round trips before the model")


def show(console: Console, figures: Figures, bills: list[Bill], targets: list[Target]) -> None:
    console.print(_work(figures))
    console.print(_growth(figures))
    for bill in bills:
        console.print(_bill(bill))
    console.print(_prices())
    console.print(_targets(targets))


def as_json(figures: Figures, bills: list[Bill], targets: list[Target]) -> dict[str, Any]:
    return {
        "work": {name: _figures(tally) for name, tally in figures.work.items()},
        "windows": {name: _figures(tally) for name, tally in figures.windows.items()},
        "growth": {
            name: {str(size): _figures(tally) for size, tally in sizes.items()}
            for name, sizes in figures.growth.items()
        },
        "bills": [
            {**asdict(bill), "total": bill.total, "besides_waiting": bill.besides_waiting, "kept": bill.kept}
            for bill in bills
        ],
        "targets": [{**asdict(target), "met": target.met} for target in targets],
    }


def _figures(tally: Tally) -> dict[str, Any]:
    values = (
        tally.read_units, tally.write_units, tally.reported_write_units,
        tally.count("sqs"), tally.count("s3"), tally.count("kms"), tally.bytes_out, tally.round_trips,
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _work(figures: Figures) -> Table:
    table = _table("What is asked of AWS, with a history of 40 messages", "", *COLUMNS)
    for name, tally in figures.work.items():
        table.add_row(name, *map(_said, _figures(tally).values()))
    table.add_section()
    for name, tally in figures.windows.items():
        table.add_row(f"brief turn, cold: {name}", *map(_said, _figures(tally).values()))
    return table


def _growth(figures: Figures) -> Table:
    sizes = [str(size) for size in next(iter(figures.growth.values()))]
    table = _table("Read units as the history grows (messages)", "", *sizes)
    for name, tallies in figures.growth.items():
        table.add_row(name, *(_said(tally.read_units) for tally in tallies.values()))
    return table


def _bill(bill: Bill) -> Table:
    table = _table(f"A million times: {bill.name}", "part", "US dollars", "for each")
    for part in bill.running:
        table.add_row(part.name, f"{part.dollars:.2f}", part.basis)
    table.add_section()
    table.add_row("together", f"{bill.total:.2f}", f"{bill.besides_waiting:.2f} not for waiting")
    for part in bill.keeping:
        table.add_row(f"then, {part.name}", f"{part.dollars:.2f}", part.basis)
    return table


def _prices() -> Table:
    table = _table("Prices: us-east-1, list, no free tier", "US dollars a million", "of", "aws.amazon.com/")
    for price in ALL:
        table.add_row(f"{price.dollars * 1e6:,.6g}", price.what, price.source)
    return table


def _targets(targets: list[Target]) -> Table:
    table = _table("Targets", "", "figure", "at most", "")
    for target in targets:
        table.add_row(target.name, f"{target.figure:,.6g}", f"{target.most:,.6g}", "met" if target.met else "MISSED")
    return table


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right", overflow="fold")
    return table


def _said(figure: float | None) -> str:
    return "" if figure is None else f"{figure:,.6g}"
