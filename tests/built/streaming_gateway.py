"""API Gateway's REST API with streamed integrations: requests become events, pieces of the answer go out as they come.

Routes that are not streamed go to another server, which has the buffered functions.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from tests.built.runtime_api import FunctionFailed, Invocation
from tests.built.stream_function import StreamFunction

# API Gateway frames the body itself, and these are each connection's own (RFC 9110, 7.6.1)
NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"}


class StreamingGateway:
    """An ASGI application. `elsewhere` is the URL of what is not streamed."""

    def __init__(self, functions: Mapping[str, StreamFunction], elsewhere: str) -> None:
        self._functions = functions
        self._elsewhere = httpx.AsyncClient(base_url=elsewhere, trust_env=False, timeout=60)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        function = self._functions.get(scope["path"])
        if function is None:
            await (await self._passed_on(request, body))(scope, receive, send)
        else:
            await _relay(await function.invoke(json.dumps(rest_event(request, body)).encode()), send)

    async def close(self) -> None:
        await self._elsewhere.aclose()

    async def _passed_on(self, request: Request, body: bytes) -> Response:
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        headers = [(name, value) for name, value in request.headers.items() if name not in NOT_PASSED_ON | {"host"}]
        answer = await self._elsewhere.request(request.method, target, headers=headers, content=body)
        passed_on = {name: value for name, value in answer.headers.items() if name not in NOT_PASSED_ON}
        return Response(answer.content, answer.status_code, passed_on)


async def _relay(invocation: Invocation, send: Send) -> None:
    """The whole answer, even where nobody listens any more: the function is not told that its client left."""
    try:
        head = await invocation.head()
    except FunctionFailed as failed:
        await Response(json.dumps({"message": "Internal server error", "why": str(failed)}), 502)(
            {"type": "http"}, _nothing, send
        )
        return
    headers = [(name.encode(), value.encode()) for name, value in head.headers if name.lower() not in NOT_PASSED_ON]
    await send({"type": "http.response.start", "status": head.status, "headers": headers})
    while (piece := await invocation.piece()) is not None:  # a failure in the midst of it breaks the connection
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _nothing() -> Message:
    return await asyncio.Future()


def rest_event(request: Request, body: bytes) -> dict[str, object]:
    """The event of a REST API's proxy integration: of values that are repeated, the last, and all of them beside."""
    query = parse_qsl(request.url.query, keep_blank_values=True)
    headers = [(name, value) for name, value in request.headers.items() if name not in NOT_PASSED_ON]
    text = _text(body)
    return {
        "resource": request.url.path,
        "path": request.url.path,
        "httpMethod": request.method,
        "headers": dict(headers),
        "multiValueHeaders": _many(headers),
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _many(query) or None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "built",
            "domainName": "127.0.0.1",
            "httpMethod": request.method,
            "identity": {"sourceIp": "127.0.0.1", "userAgent": request.headers.get("user-agent")},
            "path": f"/dev{request.url.path}",
            "protocol": "HTTP/1.1",
            "requestId": "built",
            "resourceId": "built",
            "resourcePath": request.url.path,
            "stage": "dev",
        },
        "body": base64.b64encode(body).decode() if text is None else text or None,
        "isBase64Encoded": text is None,
    }


def _text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _many(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
