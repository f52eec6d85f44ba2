from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from attache.models.fallback_models import FallbackModels
from attache.models.model import ModelFailed, ModelRequest, ModelUsage, TextDelta
from attache.usage.metered_models import MeteredModels
from attache.usage.usage import Spender, UsageRow
from tests.fakes.models import USAGE, FakeModels, Says, collect, says
from tests.fakes.usage import FakeUsage

SPENDER = Spender("mycoindex", "session-1", "key-1")
REQUEST = ModelRequest("claude-sonnet", ())
NOW = 1_800_000_000_000
CUT = ModelFailed("cut", code="provider_unavailable", retryable=True, usage=ModelUsage(11, 1, partial=True))
DOWN = ModelFailed("down", code="provider_unavailable", retryable=True)


def metered(*script: Says) -> tuple[MeteredModels, FakeModels, FakeUsage]:
    models, usage = FakeModels(script), FakeUsage()
    return MeteredModels(models, usage, SPENDER, lambda: NOW), models, usage


def rows(usage: FakeUsage) -> Sequence[tuple[str, int | None, int | None, bool]]:
    return [(row.model, row.input_tokens, row.output_tokens, row.partial) for row in usage.rows]


async def test_a_call_leaves_a_row() -> None:
    models, _, usage = metered(says("Hello"))
    await collect(models.stream(REQUEST))
    assert usage.rows == [
        UsageRow("mycoindex", "session-1", "claude-sonnet", NOW, "key-1", 11, 7, USAGE.cost, partial=False)
    ]


async def test_a_row_says_that_the_users_own_key_paid() -> None:
    models, _, usage = metered(says("Hello"), says("Hello"))
    await collect(models.stream(REQUEST))
    await collect(models.stream(ModelRequest("claude-sonnet", (), api_key="sk-of-alice")))
    assert [row.own_key for row in usage.rows] == [False, True]


async def test_the_row_is_written_before_the_answer_is_complete() -> None:
    models, _, usage = metered(says("Hello"))
    stream = models.stream(REQUEST)
    assert await anext(stream) == TextDelta("Hello")
    assert usage.rows == []
    await anext(stream)
    assert len(usage.rows) == 1
    await stream.aclose()
    assert len(usage.rows) == 1


async def test_a_cut_answer_leaves_what_is_known() -> None:
    models, _, usage = metered(says("Half", CUT))
    with pytest.raises(ModelFailed):
        await collect(models.stream(REQUEST))
    assert rows(usage) == [("claude-sonnet", 11, 1, True)]


async def test_a_call_that_nothing_is_known_of_leaves_a_row_too() -> None:
    models, _, usage = metered(says(DOWN))
    with pytest.raises(ModelFailed):
        await collect(models.stream(REQUEST))
    assert rows(usage) == [("claude-sonnet", None, None, True)]


async def test_an_answer_that_is_left_leaves_a_row() -> None:
    models, fake, usage = metered(says("Half", 1000.0))
    stream = models.stream(REQUEST)
    await anext(stream)
    await stream.aclose()
    assert rows(usage) == [("claude-sonnet", None, None, True)]
    assert fake.closed == 1


async def test_a_cancelled_answer_leaves_a_row() -> None:
    models, fake, usage = metered(says(1000.0))
    task = asyncio.ensure_future(collect(models.stream(REQUEST)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert rows(usage) == [("claude-sonnet", None, None, True)]
    assert fake.closed == 1


async def test_a_fallback_round_it_leaves_a_row_for_each() -> None:
    models, _, usage = metered(says(DOWN), says("Hello"))
    await collect(FallbackModels(models, "gpt-4o").stream(REQUEST))
    assert [row.model for row in usage.rows] == ["claude-sonnet", "gpt-4o"]
