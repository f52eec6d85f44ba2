from __future__ import annotations

from dataclasses import replace

import pytest

from attache.models.fallback_models import FallbackModels
from attache.models.model import FailureCode, ModelFailed, ModelRequest, TextDelta
from tests.fakes.models import FakeModels, Says, collect, says

REQUEST = ModelRequest("first", ({"role": "user", "content": "Hello?"},))


def failure(code: FailureCode = "provider_unavailable", words: str = "It failed.") -> ModelFailed:
    return ModelFailed(words, code=code, retryable=True)


async def test_an_answer_needs_no_fallback() -> None:
    models = FakeModels([says("Hello")])
    assert TextDelta("Hello") in await collect(FallbackModels(models, "second").stream(REQUEST))
    assert [request.model for request in models.requests] == ["first"]


@pytest.mark.parametrize("code", ["provider_unavailable", "provider_refused"])
async def test_the_fallback_answers_where_the_provider_fails(code: FailureCode) -> None:
    models = FakeModels([says(failure(code)), says("Hello")])
    assert TextDelta("Hello") in await collect(FallbackModels(models, "second").stream(REQUEST))
    assert models.requests == [REQUEST, replace(REQUEST, model="second")]


async def test_where_both_fail_the_first_failure_counts() -> None:
    models = FakeModels([says(failure(words="first")), says(failure(words="second"))])
    with pytest.raises(ModelFailed, match="first"):
        await collect(FallbackModels(models, "second").stream(REQUEST))


@pytest.mark.parametrize(
    ("answer", "fallback", "api_key"),
    [
        (says("Half", failure()), "second", None),
        (says(failure("too_large")), "second", None),
        (says(failure("internal")), "second", None),
        (says(failure()), None, None),
        (says(failure()), "first", None),
        (says(failure()), "second", "sk-users-own"),
    ],
    ids=["text has come", "too large", "our fault", "none", "the same", "an own key"],
)
async def test_there_is_no_second_try_where_it_is_no_use(
    answer: Says, fallback: str | None, api_key: str | None
) -> None:
    models = FakeModels(lambda request: answer)
    with pytest.raises(ModelFailed):
        await collect(FallbackModels(models, fallback).stream(replace(REQUEST, api_key=api_key)))
    assert len(models.requests) == 1


async def test_closing_closes_the_model_that_answers() -> None:
    models = FakeModels([says(failure()), says("Half", 1000.0)])
    stream = FallbackModels(models, "second").stream(REQUEST)
    assert await anext(stream) == TextDelta("Half")
    await stream.aclose()
    assert models.closed == 1
