from __future__ import annotations

import asyncio
from typing import get_args

import pytest

from attache.tools.timed_toolset import FAILURES, TimedToolset
from attache.tools.tool import CallContext, Outcome, ToolCall, ToolResult
from tests.fakes.meter import FakeMeter
from tests.fakes.toolset import FakeToolset

CALL, CONTEXT = ToolCall("c1", "Price", "{}"), CallContext("shop", "s")


def timed(result: ToolResult, meter: FakeMeter) -> TimedToolset:
    async def run(_: ToolCall) -> ToolResult:
        return result

    ticks = iter((1.0, 1.25))
    return TimedToolset(FakeToolset({"Price": run}), meter, lambda: next(ticks))


@pytest.mark.parametrize("outcome", get_args(Outcome))
async def test_a_call_is_counted_with_its_time_and_whether_it_failed(outcome: Outcome) -> None:
    meter, result = FakeMeter(), ToolResult(outcome, "x")
    assert await timed(result, meter).run(CALL, CONTEXT) is result
    assert meter.held == [("tool call", "shop", ("Price", 250, outcome in FAILURES))]


def test_what_failed_is_what_brought_no_answer() -> None:
    assert set(get_args(Outcome)) - FAILURES == {"ok", "pending", "not_started", "interrupted", "rejected"}


async def test_a_call_that_is_cancelled_is_not_counted() -> None:
    async def forever(_: ToolCall) -> ToolResult:
        await asyncio.sleep(60)
        return ToolResult("ok", "")

    meter = FakeMeter()
    running = asyncio.create_task(TimedToolset(FakeToolset({"Price": forever}), meter).run(CALL, CONTEXT))
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert meter.held == []


def test_it_shows_and_checks_what_it_wraps() -> None:
    toolset = timed(ToolResult("ok", ""), FakeMeter())
    assert [spec.name for spec in toolset.specs] == ["Price"]
    assert toolset.check(CALL) is None
    assert toolset.check(ToolCall("c", "Other", "{}")) is not None
