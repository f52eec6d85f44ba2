"""A Starlette request as a `Caller`; nothing else reads a request's body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from attache.errors import BadInput, TooLarge
from attache.wire.caller import Caller
from attache.wire.json_text import parse_object

MAX_BODY = 1024 * 1024  # bytes
MAX_DRAINED = 10 * MAX_BODY  # API Gateway passes no more


async def read_caller(request: Request) -> Caller:
    """Read the request; its body is parsed whatever its content type. Raises BadInput, TooLarge."""
    return Caller(
        headers={name: _last(request, name) for name in request.headers},
        query=query_names(request.scope["query_string"]),
        path=dict(request.path_params),
        body=json_body(await _body(request)),
    )


Asking = Annotated[Caller, Depends(read_caller)]


def query_names(query: bytes) -> Mapping[str, str]:
    """The values in a query by name, the last of each. Raises BadInput if one is not UTF-8."""
    try:
        return dict(parse_qsl(query.decode(), keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError as error:
        raise BadInput("The query is not UTF-8.") from error


def json_body(body: bytes) -> Mapping[str, Any]:
    """The object in a body; an empty one if the body is empty. Raises BadInput."""
    return parse_object(body, "The body") if body.strip() else {}


def _last(request: Request, name: str) -> str:
    values = request.headers.getlist(name)
    return ", ".join(values) if name in ("accept", "prefer", "if-none-match") else values[-1]


async def _body(request: Request) -> bytes:
    """The body. One that is too large is read to its end, so that the client reads our answer, not a reset."""
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_DRAINED:
            break
        if size <= MAX_BODY:
            body += chunk
    if size > MAX_BODY:
        raise TooLarge("The body is over 1 MB.")
    return bytes(body)
