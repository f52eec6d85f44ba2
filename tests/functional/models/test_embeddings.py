"""The embedding model through LiteLLM: the wire, the bill, and a provider that fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from attache.documents.embeddings import Account
from attache.errors import Unavailable
from attache.models.access import ProviderAccess
from attache.models.catalogue import Catalogue
from attache.models.litellm_embeddings import LitellmEmbeddings
from attache.usage.metered_embeddings import MeteredEmbeddings
from attache_local.demo_embeddings import embeddings
from tests.fakes.usage import FakeUsage
from tests.servers.http_server import serving

ENTRY = Catalogue.read().embeddings
KEY = "sk-operators-own-0123456789"


class Provider:
    """Speaks OpenAI's `POST /v1/embeddings`; with a `status`, only that."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []

    async def answer(self, request: Request) -> Response:
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("authorization"))
        if self.status != 200:
            return JSONResponse({"error": {"message": f"no, {KEY}", "type": "x"}}, self.status)
        return JSONResponse(embeddings(self.asked[-1]))


@contextmanager
def reached(provider: Provider) -> Iterator[ProviderAccess]:
    with serving(Starlette(routes=[Route("/v1/embeddings", provider.answer, methods=["POST"])])) as url:
        yield ProviderAccess({"openai": KEY}, {"openai": f"{url}/v1"})


async def test_texts_become_vectors_in_their_order_and_leave_a_row() -> None:
    provider, usage = Provider(), FakeUsage()
    with reached(provider) as access:
        model = LitellmEmbeddings(ENTRY, access)
        made = await MeteredEmbeddings(model, usage, lambda: 7).embed(["one fee", "two"], Account("shop", "s", "k"))
        await model.aclose()
    assert made is not None
    assert ENTRY is not None
    assert [(vector.space, len(vector.values)) for vector in made] == [(f"{ENTRY.route}@512", 512)] * 2
    assert made[0] != made[1]
    (asked,) = provider.asked
    assert (asked["model"], asked["input"], asked["dimensions"]) == ("text-embedding-3-small", ["one fee", "two"], 512)
    assert provider.keys == [f"Bearer {KEY}"]
    (row,) = usage.rows
    assert (row.app, row.session_id, row.key_id, row.model, row.at) == ("shop", "s", "k", "embeddings", 7)
    assert row.input_tokens == 3
    assert row.cost == pytest.approx(3 * 0.02 / 1e6)


async def test_without_a_key_there_are_no_vectors_and_it_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    model = LitellmEmbeddings(ENTRY, ProviderAccess())
    with caplog.at_level(logging.WARNING):
        assert await model.make(["one"]) is None
        assert await model.make(["two"]) is None
        assert await model.space() is None
    assert [record.message for record in caplog.records] == [
        "documents are found by words only: there is no key of openai"
    ]


async def test_a_catalogue_without_the_table_has_no_vectors() -> None:
    model = LitellmEmbeddings(None, ProviderAccess({"openai": KEY}))
    assert await model.make(["one"]) is None
    assert await model.space() is None


async def test_the_demo_models_vectors_are_a_space_of_their_own() -> None:
    with serving(Starlette(routes=[Route("/v1/embeddings", Provider().answer, methods=["POST"])])) as url:
        model = LitellmEmbeddings(ENTRY, ProviderAccess(demo_url=f"{url}/v1"))
        made = await model.make(["one"])
        await model.aclose()
    assert made is not None
    assert made.vectors[0].space == await model.space() == "demo@512"
    assert made.usage.cost is None


@pytest.mark.parametrize("status", [401, 400, 404, 429, 500, 503])
async def test_a_provider_that_fails_is_unavailable_and_not_quoted(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    provider = Provider(status)
    with reached(provider) as access:
        model = LitellmEmbeddings(ENTRY, access)
        with pytest.raises(Unavailable) as raised:
            await model.make(["a private text"])
        await model.aclose()
    assert 1 <= len(provider.asked) <= 3  # LiteLLM tries embeddings twice more where it may help
    assert KEY not in caplog.text + str(raised.value)
    assert "The embedding model openai/text-embedding-3-small failed: " in str(raised.value)
    assert f"{status}. See that the key of openai is good; a gateway must serve POST /embeddings." in str(raised.value)
    assert "Traceback" not in caplog.text
    assert "private" not in caplog.text
