from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from attache.models.fallback_models import FallbackModels
from attache.models.model import FailureCode, Message, ModelFailed, ModelRequest, TextDelta
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
    ("answer", "fallback"),
    [
        (says("Half", failure()), "second"),
        (says(failure("too_large")), "second"),
        (says(failure("internal")), "second"),
        (says(failure()), None),
        (says(failure()), "first"),
        (says(ModelFailed("No.", code="provider_unavailable", retryable=True, own_key=True)), "second"),
    ],
    ids=["text has come", "too large", "our fault", "none", "the same", "an own key"],
)
async def test_there_is_no_second_try_where_it_is_no_use(answer: Says, fallback: str | None) -> None:
    models = FakeModels(lambda request: answer)
    with pytest.raises(ModelFailed):
        await collect(FallbackModels(models, fallback).stream(REQUEST))
    assert len(models.requests) == 1


async def test_the_fallback_is_sent_what_fits_it() -> None:
    async def messages_for(model: str) -> Sequence[Message]:
        return ({"role": "user", "content": f"for {model}"},)

    models = FakeModels([says(failure()), says("Hello")])
    await collect(FallbackModels(models, "second").stream(replace(REQUEST, messages_for=messages_for)))
    assert [request.messages[0]["content"] for request in models.requests] == ["Hello?", "for second"]


async def test_what_fits_no_fallback_is_the_first_failure() -> None:
    async def messages_for(model: str) -> Sequence[Message]:
        raise failure("too_large", "second")

    models = FakeModels([says(failure(words="first"))])
    with pytest.raises(ModelFailed, match="first"):
        await collect(FallbackModels(models, "second").stream(replace(REQUEST, messages_for=messages_for)))


async def test_closing_closes_the_model_that_answers() -> None:
    models = FakeModels([says(failure()), says("Half", 1000.0)])
    stream = FallbackModels(models, "second").stream(REQUEST)
    assert await anext(stream) == TextDelta("Half")
    await stream.aclose()
    assert models.closed == 1
