from __future__ import annotations

import logging

import pytest

from attache.models.model import ModelFailed, ModelRequest
from attache.models.watched_models import LoggedModels, TracedModels
from tests.fakes.models import FakeModels, collect, says

REQUEST = ModelRequest("gpt-4o", [{"role": "user", "content": "How are you?"}])


async def test_each_call_is_a_span_of_its_time() -> None:
    spans, ticks = list[tuple[str, int]](), iter((1.0, 3.5))
    models = TracedModels(FakeModels([says("Well.")]), lambda name, ms: spans.append((name, ms)), lambda: next(ticks))
    assert len(await collect(models.stream(REQUEST))) == 2
    assert spans == [("model gpt-4o", 2_500)]


async def test_a_call_that_fails_is_one_too() -> None:
    spans = list[tuple[str, int]]()
    failure = ModelFailed("No.", code="internal", retryable=False)
    models = TracedModels(FakeModels([says(failure)]), lambda name, ms: spans.append((name, ms)))
    with pytest.raises(ModelFailed):
        await collect(models.stream(REQUEST))
    assert [name for name, _ in spans] == ["model gpt-4o"]


async def test_what_is_said_is_logged_where_that_is_wanted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "attache")
    await collect(LoggedModels(FakeModels([says("I am ", "well.")])).stream(REQUEST))
    asked, answered = caplog.messages
    assert "How are you?" in asked
    assert "I am well." in answered
