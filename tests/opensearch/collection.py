"""A vector search collection of OpenSearch Serverless, as far as its documentation says what it refuses.

Behind it stands a real OpenSearch, which is told the engine that a collection would choose.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.http_server import serving

# "Supported operations and plugins in Amazon OpenSearch Serverless"
KNOWN = re.compile(r"PUT /[a-z0-9_-]+(/_mapping)?|POST /[a-z0-9_-]+/_(search|bulk)")
SCOPE = re.compile(
    r"AWS4-HMAC-SHA256 Credential=\w+/\d{8}/us-east-1/aoss/aws4_request, .*SignedHeaders=\S*x-amz-content-sha256"
)


class Refused(Exception):
    """What a collection says no to."""


@contextmanager
def collection(opensearch: str) -> Iterator[str]:
    """Its URL, while the block runs."""

    async def answer(request: Request) -> Response:
        body = await request.body()
        try:
            _check(request, body)
        except Refused as error:
            return JSONResponse({"error": {"type": "illegal_argument_exception", "reason": str(error)}}, 400)
        async with httpx.AsyncClient() as client:
            answered = await client.request(
                request.method,
                f"{opensearch}{request.url.path}",
                content=_with_engine(request, body),
                headers={"Content-Type": "application/json"},
            )
        return Response(answered.content, answered.status_code, media_type="application/json")

    with serving(Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST", "PUT", "DELETE"])])) as url:
        yield url


def _check(request: Request, body: bytes) -> None:
    if not KNOWN.fullmatch(f"{request.method} {request.url.path}") or request.url.query:
        raise Refused(f"{request.method} {request.url} is not known here")
    if not SCOPE.match(request.headers.get("authorization", "")):
        raise Refused("the request is not signed for aoss")
    if request.headers.get("x-amz-content-sha256") != hashlib.sha256(body).hexdigest():
        raise Refused("the hash of the body is wrong")
    if b'"engine"' in body:
        raise Refused("the engine is not yours to choose")
    if request.url.path.endswith("/_bulk") and any("_id" in action for action in _actions(body, "create", "index")):
        raise Refused("Document ID is not supported in create/index operation request")


def _actions(body: bytes, *names: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in body.splitlines()]
    return [line[name] for line in lines for name in names if isinstance(line.get(name), dict)]


def _with_engine(request: Request, body: bytes) -> bytes:
    if not request.url.path.endswith("/_mapping"):
        return body
    return body.replace(b'"name": "hnsw"', b'"name": "hnsw", "engine": "lucene"')
