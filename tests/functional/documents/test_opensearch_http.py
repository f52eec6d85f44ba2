"""How a search backend is asked: patiently, signed, uncompressed, and without quoting documents in the log."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from attache.documents.opensearch_http import PAUSES, Answer, OpenSearchHttp
from attache.documents.opensearch_index import OpenSearchIndex
from attache.documents.passage import Passage
from attache.errors import Unavailable
from tests.servers.http_server import serving


class Backend:
    """Answers one after the other, the last one for good; keeps what it was asked."""

    def __init__(self, *answers: Response) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []
        self.waited: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

    async def sign(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        return {**headers, "Authorization": f"signed {method} {len(body)}"}

    async def answer(self, request: Request) -> Response:
        await request.body()
        self.asked.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @asynccontextmanager
    async def reached(self) -> AsyncIterator[OpenSearchHttp]:
        with serving(Starlette(routes=[Route("/{path:path}", self.answer, methods=["POST", "PUT"])])) as url:
            http = OpenSearchHttp(url, self.sign, self.sleep)
            yield http
            await http.close()


def put(*texts: str) -> Sequence[tuple[Passage, None]]:
    return [(Passage("shop", "a.md", number, "T", (), text), None) for number, text in enumerate(texts)]


async def test_a_backend_that_wakes_is_asked_until_it_answers() -> None:
    backend = Backend(JSONResponse({}, 503), JSONResponse({}, 429), JSONResponse({"took": 1}))
    async with backend.reached() as http:
        assert await http.ask("POST", "/i/_search", {"size": 1}) == Answer(200, {"took": 1})
    assert backend.waited == list(PAUSES)


async def test_one_that_does_not_wake_is_unavailable() -> None:
    backend = Backend(JSONResponse({}, 503))
    async with backend.reached() as http:
        with pytest.raises(Unavailable):
            await http.ask("POST", "/i/_search", {})
    assert len(backend.asked) == 1 + len(PAUSES)


async def test_each_try_is_signed_and_asks_for_plain_text() -> None:
    backend = Backend(JSONResponse({}, 503), JSONResponse({}))
    async with backend.reached() as http:
        await http.ask("POST", "/i/_search", {"size": 1})
    assert [request.headers["authorization"] for request in backend.asked] == ["signed POST 11"] * 2
    assert {request.headers["accept-encoding"] for request in backend.asked} == {"identity"}


async def test_what_is_refused_is_not_asked_again_and_not_quoted(caplog: pytest.LogCaptureFixture) -> None:
    refused = {"error": {"type": "mapper_parsing_exception", "reason": "failed to parse: a private text"}}
    backend = Backend(JSONResponse({}), JSONResponse(refused, 400))
    async with backend.reached() as http:
        with caplog.at_level(logging.DEBUG, logger="attache"), pytest.raises(Unavailable) as raised:
            await OpenSearchIndex(http, "domain", "dev").put("r", put("a private text"))
    assert len(backend.asked) == 2
    assert "mapper_parsing_exception" in caplog.text
    assert "private" not in caplog.text + str(raised.value)


async def test_a_single_passage_that_is_refused_fails_the_document(caplog: pytest.LogCaptureFixture) -> None:
    results = [{"create": {"status": 201}}, {"create": {"status": 400, "error": {"type": "t", "reason": "private"}}}]
    backend = Backend(JSONResponse({}), JSONResponse({"errors": True, "items": results}))
    async with backend.reached() as http:
        with pytest.raises(Unavailable):
            await OpenSearchIndex(http, "domain", "dev").put("r", put("one", "two"))
    assert "refused 1 passages" in caplog.text
    assert "private" not in caplog.text
