"""Whose key a model is called with, and what a user is told of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attache.errors import Unavailable
from attache.models.catalogue import Catalogue
from attache.models.fallback_models import FallbackModels
from attache.models.model import FailureCode, ModelFailed, ModelRequest, TextDelta
from attache.models.own_keys import OwnKeyModels, OwnKeys
from tests.fakes.models import FakeModels, collect, says

REQUEST = ModelRequest("gpt-4o", ())
KEY = "sk-of-alice"


class FakeKeys:
    async def provider_key(self, client_id: str, provider: str) -> str | None:
        if client_id == "nobody":
            raise Unavailable("The secret store does not answer.")
        return KEY if (client_id, provider) == ("alice", "openai") else None


def own(models: FakeModels, client_id: str = "alice", fallback: str | None = "claude-haiku") -> FallbackModels:
    return FallbackModels(OwnKeyModels(models, OwnKeys(Catalogue.read(), FakeKeys()), client_id), fallback)


def failure(code: FailureCode, *, key_refused: bool = False) -> ModelFailed:
    return ModelFailed("It failed.", code=code, retryable=False, key_refused=key_refused, detail="401")


@pytest.mark.parametrize(
    ("client_id", "model", "key"),
    [("alice", "gpt-4o", KEY), ("alice", "claude-sonnet", None), ("bob", "gpt-4o", None), ("alice", "unknown", None)],
)
async def test_a_key_is_for_its_client_and_its_providers_models(client_id: str, model: str, key: str | None) -> None:
    models = FakeModels([says("Hello")])
    assert TextDelta("Hello") in await collect(own(models, client_id).stream(replace(REQUEST, model=model)))
    assert models.requests == [replace(REQUEST, model=model, api_key=key)]


@pytest.mark.parametrize(
    ("refused", "words"),
    [(True, "openai does not accept your own API key"), (False, "It was made with your own API key for openai")],
)
async def test_a_refused_own_key_is_said_and_nobody_answers_instead(refused: bool, words: str) -> None:
    models = FakeModels([says(failure("provider_refused", key_refused=refused))])
    with pytest.raises(ModelFailed, match=words) as failed:
        await collect(own(models).stream(REQUEST))
    assert (failed.value.code, failed.value.retryable) == ("provider_refused", False)
    assert len(models.requests) == 1


async def test_the_operators_key_is_none_of_the_users_business() -> None:
    models = FakeModels([says(failure("provider_refused", key_refused=True)), says("Hello")])
    assert TextDelta("Hello") in await collect(own(models, "bob").stream(REQUEST))
    models = FakeModels([says(failure("provider_refused", key_refused=True))])
    with pytest.raises(ModelFailed, match=r"^It failed\.$"):
        await collect(own(models, "bob", fallback=None).stream(REQUEST))


@pytest.mark.parametrize("code", ["provider_unavailable", "provider_refused"])
async def test_the_fallback_model_is_called_with_the_own_key_for_its_provider(code: FailureCode) -> None:
    models = FakeModels([says(failure(code)), says("Hello")])
    asked = replace(REQUEST, model="claude-sonnet")
    assert TextDelta("Hello") in await collect(own(models, fallback="gpt-4o").stream(asked))
    assert models.requests == [asked, replace(REQUEST, api_key=KEY)]


async def test_where_the_own_key_fails_nobody_answers_instead() -> None:
    models = FakeModels([says(failure("provider_unavailable"))])
    with pytest.raises(ModelFailed) as failed:
        await collect(own(models).stream(REQUEST))
    assert (failed.value.code, failed.value.own_key, len(models.requests)) == ("provider_unavailable", True, 1)


async def test_a_provider_that_is_down_is_not_the_keys_fault() -> None:
    with pytest.raises(ModelFailed, match=r"^It failed\.$"):
        await collect(own(FakeModels([says(failure("provider_unavailable"))])).stream(REQUEST))


async def test_a_key_that_cannot_be_read_is_not_replaced_by_the_operators() -> None:
    models = FakeModels()
    with pytest.raises(ModelFailed, match="cannot be read right now") as failed:
        await collect(own(models, "nobody").stream(REQUEST))
    assert (failed.value.code, failed.value.retryable, models.requests) == ("internal", True, [])
