"""OpenAI's chat completions, streamed, and its embeddings, over a real socket."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any

from attache_local.demo_embeddings import embeddings
from tests.servers.openai_rules import fault
from tests.servers.provider_server import Dropped, ProviderServer, sse
from tests.servers.script import Answer, Asked, Raw, Received, Refusal, Reply, cut_up, wait

IDLE = 0.05  # seconds
EMBEDDINGS = "/v1/embeddings"


class OpenAIServer(ProviderServer):
    """A scripted `POST /v1/chat/completions`, and a `POST /v1/embeddings` that needs no script."""

    more_parameters: frozenset[str] = frozenset()

    @property
    def url(self) -> str:
        return f"{self.origin}/v1"

    @property
    def more_usage(self) -> Mapping[str, Any]:
        """What the provider counts beside tokens."""
        return {}

    def fault(self, request: Received) -> Refusal | None:
        if request.method != "POST" or request.path not in ("/v1/chat/completions", EMBEDDINGS):
            return Refusal(404, f"Invalid URL ({request.method} {request.path})")
        if not request.headers.get("authorization", "").removeprefix("Bearer ").strip():
            return Refusal(401, "You didn't provide an API key.", kind="invalid_api_key")
        wrong = fault(request.body, self.more_parameters) if request.path != EMBEDDINGS else None
        return Refusal(400, wrong) if wrong else None

    def reply(self, request: Received) -> Reply:
        """The vectors, or the script's reply."""
        if request.path != EMBEDDINGS:
            return super().reply(request)
        return Raw(json.dumps(embeddings(request.body)).encode(), "application/json")

    def error_body(self, refusal: Refusal) -> Mapping[str, Any]:
        kind = "invalid_request_error" if refusal.status < 500 else "server_error"
        return {"error": {"message": refusal.message, "type": kind, "param": None, "code": refusal.kind}}

    async def events(self, answer: Answer, request: Received) -> AsyncIterator[bytes]:
        chunk = _Chunks(f"chatcmpl-{self.serial()}", request.body["model"], self.more_usage)
        await wait(answer.before)
        yield chunk({"role": "assistant", "content": "" if answer.pieces else None})
        for piece in answer.pieces:
            if isinstance(piece, str):
                yield chunk({"content": piece})
            else:
                await wait(piece)
        for delta in _call_deltas(answer, self):
            yield chunk({"tool_calls": [delta]})
        async for event in self._end(answer, chunk, request):
            yield event

    async def _end(self, answer: Answer, chunk: _Chunks, request: Received) -> AsyncIterator[bytes]:
        match answer.ending:
            case "drop":
                raise Dropped
            case "hang":
                await asyncio.Event().wait()
            case "idle":
                while True:
                    yield b": OPENROUTER PROCESSING\n\n"
                    await asyncio.sleep(IDLE)
            case "error":
                yield sse(self.error_body(Refusal(500, "The server had an error while processing your request.")))
            case "linger":
                yield chunk({}, _finish(answer))
                await asyncio.Event().wait()
            case "well":
                for event in _ending(answer, chunk, request):
                    yield event


class OpenRouterServer(OpenAIServer):
    """OpenRouter, which speaks like OpenAI and says what an answer cost."""

    more_parameters = frozenset(("usage", "transforms", "models", "route", "provider"))

    @property
    def more_usage(self) -> Mapping[str, Any]:
        return {"cost": 0.00042}


class _Chunks:
    def __init__(self, answer_id: str, model: str, more_usage: Mapping[str, Any]) -> None:
        self._more_usage = more_usage
        self._base = {"id": answer_id, "object": "chat.completion.chunk", "created": 1_700_000_000, "model": model}

    def __call__(self, delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        return sse({**self._base, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]})

    def usage(self, tokens: tuple[int, int]) -> bytes:
        count = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
        return sse({**self._base, "choices": [], "usage": {**count, **self._more_usage}})


def _ending(answer: Answer, chunk: _Chunks, request: Received) -> Iterator[bytes]:
    yield chunk({}, _finish(answer))
    if answer.tokens and (request.body.get("stream_options") or {}).get("include_usage"):
        yield chunk.usage(answer.tokens)
    yield sse("[DONE]")


def _finish(answer: Answer) -> str:
    return answer.finish or ("tool_calls" if answer.calls else "stop")


def _call_deltas(answer: Answer, server: ProviderServer) -> Iterator[Mapping[str, Any]]:
    each = [list(_pieces(at, asked, answer.split, server)) for at, asked in enumerate(answer.calls)]
    if not answer.interleaved:
        return itertools.chain.from_iterable(each)
    return _in_turn(each)


def _in_turn(each: Iterable[list[Mapping[str, Any]]]) -> Iterator[Mapping[str, Any]]:
    for row in itertools.zip_longest(*each):
        yield from (piece for piece in row if piece is not None)


def _pieces(at: int, asked: Asked, size: int, server: ProviderServer) -> Iterator[Mapping[str, Any]]:
    arguments = asked.arguments if isinstance(asked.arguments, str) else json.dumps(asked.arguments)
    call_id = asked.call_id or f"call_{server.serial()}"
    yield {"index": at, "id": call_id, "type": "function", "function": {"name": asked.name, "arguments": ""}}
    for piece in cut_up(arguments, size):
        yield {"index": at, "function": {"arguments": piece}}
