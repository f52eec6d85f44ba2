"""Lines as CloudWatch reads them: "Embedded metric format specification"."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from attache.telemetry.meter import Meter
from attache.telemetry.powertools_meter import UNITS, PowertoolsMeter


class Stream:
    """What was written, line by line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.meter = PowertoolsMeter("dev", self.lines.append)

    def flushed(self) -> list[dict[str, Any]]:
        self.meter.flush()
        return [json.loads(line) for line in self.lines]


@pytest.fixture
def stream() -> Stream:
    return Stream()


def figures(line: dict[str, Any]) -> dict[str, Any]:
    """The metrics of a line, each of which is declared with its unit."""
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Attache"
    assert all(name in line for dimensions in directive["Dimensions"] for name in dimensions)
    for declared in directive["Metrics"]:
        assert declared["Unit"] == UNITS[declared["Name"]]
    return {declared["Name"]: line[declared["Name"]] for declared in directive["Metrics"]}


def test_a_turn_is_one_line_with_all_that_it_took(stream: Stream) -> None:
    stream.meter.first_token("shop", 800)
    stream.meter.model_call("shop", 1_000, 200, 0.01)
    stream.meter.model_call("shop", 1_400, None, None)
    stream.meter.tool_call("shop", "GetPrice", 120, failed=True)
    stream.meter.turn("shop", "failed", 2_500)
    (line,) = stream.flushed()
    assert figures(line) == {
        "FirstToken": [800],
        "InputTokens": [1_000, 1_400],
        "OutputTokens": [200],
        "Cost": [0.01],
        "ToolTime": [120],
        "ToolErrors": [1],
        "Turns": [1],
        "TurnTime": [2_500],
        "FailedTurns": [1],
    }
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["stage"], ["stage", "app"]]
    assert (line["stage"], line["app"]) == ("dev", "shop")
    assert len(stream.lines[0].encode()) < 1_200


def test_each_app_has_a_line_and_each_queue(stream: Stream) -> None:
    stream.meter.dead_runner("shop")
    stream.meter.turn("bank", "interrupted", 5)
    stream.meter.queued("turns", 40)
    shop, bank, queue = stream.flushed()
    assert figures(shop) == {"DeadRunners": [1]}
    assert figures(bank) == {"Turns": [1], "TurnTime": [5], "InterruptedTurns": [1]}
    assert figures(queue) == {"QueueAge": [40]}
    assert queue["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["stage", "queue"]]


def test_nothing_counted_is_nothing_written_and_nothing_is_written_twice(stream: Stream) -> None:
    assert stream.flushed() == []
    stream.meter.dead_runner("shop")
    assert len(stream.flushed()) == len(stream.flushed()) == 1


def test_a_line_holds_no_more_values_than_cloudwatch_takes(stream: Stream, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(250):
        stream.meter.tool_call("shop", "GetPrice", 1, failed=False)
    lines = stream.flushed()
    assert sum(len(line["ToolTime"]) for line in lines) == 250
    assert max(len(line["ToolTime"]) for line in lines) < 100
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("variable", ["POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"])
def test_no_variable_of_powertools_changes_a_line(
    stream: Stream, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "other")
    stream.meter.dead_runner("shop")
    (line,) = stream.flushed()
    assert figures(line) == {"DeadRunners": [1]}
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["stage"], ["stage", "app"]]


def test_it_is_a_meter() -> None:
    makes: Callable[[str], Meter] = PowertoolsMeter
    makes("dev")
