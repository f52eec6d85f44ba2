"""What is true of every meter."""

from __future__ import annotations

import logging

import pytest

from attache.telemetry.log_meter import LogMeter
from attache.telemetry.meter import Meter, NoMeter
from attache.telemetry.powertools_meter import PowertoolsMeter
from tests.fakes.meter import FakeMeter


def count_everything(meter: Meter) -> None:
    for status in ("done", "interrupted", "failed"):
        meter.turn("shop", status, 1_200)
    meter.first_token("shop", 300)
    meter.model_call("shop", 10, 20, 0.5)
    meter.model_call("shop", None, None, None)
    meter.tool_call("shop", "GetPrice", 20, failed=False)
    meter.tool_call("shop", "GetPrice", 20, failed=True)
    meter.dead_runner("shop")
    meter.queued("turns", 5_000)
    meter.flush()


@pytest.mark.parametrize("meter", [NoMeter(), LogMeter(), FakeMeter(), PowertoolsMeter("dev", lambda _: None)])
def test_a_meter_takes_every_figure(meter: Meter) -> None:
    count_everything(meter)


def test_the_fake_remembers_what_was_flushed() -> None:
    meter = FakeMeter()
    meter.turn("shop", "done", 1)
    assert meter.of("turn") == []
    meter.flush()
    assert meter.of("turn") == ["done"]


def test_people_read_one_line_a_figure(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "attache")
    count_everything(LogMeter())
    assert "shop: tool GetPrice failed, 20 ms" in caplog.messages
    assert "shop: model call, 10 tokens in, 20 out, $0.5000" in caplog.messages
    assert "shop: model call, unknown tokens in, unknown out, cost unknown" in caplog.messages
