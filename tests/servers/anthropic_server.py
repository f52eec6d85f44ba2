"""Anthropic's messages, streamed, over a real socket."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from tests.servers.anthropic_rules import fault
from tests.servers.provider_server import Dropped, ProviderServer, sse
from tests.servers.script import Answer, Asked, Received, Refusal, cut_up, wait

KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
IDLE = 0.05  # seconds
STOPS = {"length": "max_tokens", "content_filter": "refusal"}


class AnthropicServer(ProviderServer):
    """A scripted `POST /v1/messages`."""

    @property
    def url(self) -> str:
        return self.origin

    def fault(self, request: Received) -> Refusal | None:
        if request.method != "POST" or request.path != "/v1/messages":
            return Refusal(404, "Not Found")
        if not request.headers.get("x-api-key"):
            return Refusal(401, "x-api-key header is required")
        if "anthropic-version" not in request.headers:
            return Refusal(400, "anthropic-version: header is required")
        wrong = fault(request.body)
        return Refusal(400, wrong) if wrong else None

    def error_body(self, refusal: Refusal) -> Mapping[str, Any]:
        kind = refusal.kind or KINDS.get(refusal.status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": refusal.message}}

    async def events(self, answer: Answer, request: Received) -> AsyncIterator[bytes]:
        await wait(answer.before)
        yield self._start(answer, request.body["model"])
        yield _event("ping")
        places = itertools.count()
        for event in _thinking(answer, places):
            yield event
        async for event in _text(answer, places):
            yield event
        for asked in answer.calls:
            for event in _call(asked, next(places), answer.split, self):
                yield event
        async for event in self._end(answer):
            yield event

    async def _end(self, answer: Answer) -> AsyncIterator[bytes]:
        stop, stopped = _ending(answer)
        match answer.ending:
            case "drop":
                raise Dropped
            case "hang":
                await asyncio.Event().wait()
            case "idle":
                while True:
                    yield _event("ping")
                    await asyncio.sleep(IDLE)
            case "error":
                yield sse(self.error_body(Refusal(529, "Overloaded")), "error")
            case "linger":
                yield stop
                await asyncio.Event().wait()
            case "well":
                yield stop
                yield stopped

    def _start(self, answer: Answer, model: str) -> bytes:
        usage = {"usage": {"input_tokens": answer.tokens[0], "output_tokens": 1}} if answer.tokens else {}
        head = {"id": f"msg_{self.serial()}", "type": "message", "role": "assistant", "model": model, "content": []}
        return _event("message_start", message={**head, "stop_reason": None, "stop_sequence": None, **usage})


def _event(kind: str, **data: Any) -> bytes:
    return sse({"type": kind, **data}, kind)


def _block(place: int, block: Mapping[str, Any], deltas: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
    yield _event("content_block_start", index=place, content_block=block)
    for delta in deltas:
        yield _event("content_block_delta", index=place, delta=delta)
    yield _event("content_block_stop", index=place)


def _thinking(answer: Answer, places: Iterator[int]) -> Iterator[bytes]:
    if answer.thinking:
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in answer.thinking]
        signed = {"type": "signature_delta", "signature": "c2lnbmVk"}
        yield from _block(next(places), {"type": "thinking", "thinking": "", "signature": ""}, iter([*deltas, signed]))


async def _text(answer: Answer, places: Iterator[int]) -> AsyncIterator[bytes]:
    if not answer.pieces:
        return
    place = next(places)
    yield _event("content_block_start", index=place, content_block={"type": "text", "text": ""})
    for piece in answer.pieces:
        if isinstance(piece, str):
            yield _event("content_block_delta", index=place, delta={"type": "text_delta", "text": piece})
        else:
            await wait(piece)
    yield _event("content_block_stop", index=place)


def _call(asked: Asked, place: int, size: int, server: ProviderServer) -> Iterator[bytes]:
    block = {
        "type": "tool_use", "id": asked.call_id or f"toolu_{server.serial()}", "name": asked.name, "input": {},
    }  # fmt: skip
    return _block(place, block, _pieces(asked, size))


def _pieces(asked: Asked, size: int) -> Iterator[Mapping[str, Any]]:
    """Anthropic sends an empty piece first, and nothing more for a call without arguments."""
    arguments = asked.arguments if isinstance(asked.arguments, str) else json.dumps(asked.arguments)
    for piece in ["", *(cut_up(arguments, size) if asked.arguments else [])]:
        yield {"type": "input_json_delta", "partial_json": piece}


def _ending(answer: Answer) -> Iterator[bytes]:
    usual = "tool_use" if answer.calls else "end_turn"
    stop = STOPS.get(answer.finish, answer.finish) if answer.finish else usual
    usage = {"usage": {"output_tokens": answer.tokens[1]}} if answer.tokens else {}
    yield _event("message_delta", delta={"stop_reason": stop, "stop_sequence": None}, **usage)
    yield _event("message_stop")
