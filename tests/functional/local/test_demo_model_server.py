"""The demo model's wire format, over a real socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from attache_local.demo_model import demo_model
from attache_local.ports import listen
from attache_local.serving import serving

PRICE = {
    "type": "function",
    "function": {
        "name": "GetTokenPrice",
        "description": "The price of a token.",
        "parameters": {"type": "object", "properties": {"symbol": {"type": "string"}}, "required": ["symbol"]},
    },
}


@pytest.fixture
async def model() -> AsyncIterator[httpx.AsyncClient]:
    async with serving(demo_model(pause=0), listen(0)) as url, httpx.AsyncClient(base_url=f"{url}/v1") as client:
        yield client


def asking(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "claude-sonnet", "messages": [{"role": "user", "content": text}], "tools": [PRICE], **more}


async def chunks(model: httpx.AsyncClient, asked: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await model.post("/chat/completions", json=asked)
    assert answer.headers["content-type"].startswith("text/event-stream")
    *lines, done = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    assert done == "[DONE]"
    return [json.loads(line) for line in lines]


async def test_parallel_calls_come_in_pieces_that_join_to_json(model: httpx.AsyncClient) -> None:
    asked = asking("price of ETH and BTC", stream=True, stream_options={"include_usage": True})
    *steps, usage = await chunks(model, asked)
    arguments: dict[int, str] = {}
    for step in steps:
        for call in step["choices"][0]["delta"].get("tool_calls", ()):
            arguments[call["index"]] = arguments.get(call["index"], "") + call["function"]["arguments"]
    assert [json.loads(text) for text in arguments.values()] == [{"symbol": "ETH"}, {"symbol": "BTC"}]
    assert steps[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert usage["choices"] == []
    assert usage["usage"]["prompt_tokens"] > 0


async def test_text_comes_word_by_word(model: httpx.AsyncClient) -> None:
    steps = await chunks(model, asking("Hello", stream=True))
    words = [step["choices"][0]["delta"].get("content", "") for step in steps]
    assert len(words) > 10
    assert "You said: “Hello”." in "".join(words)
    assert steps[-1]["choices"][0]["finish_reason"] == "stop"


async def test_without_streaming_the_answer_is_one_object(model: httpx.AsyncClient) -> None:
    answer = (await model.post("/chat/completions", json=asking("price of ETH"))).json()
    [call] = answer["choices"][0]["message"]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"symbol": "ETH"}
    assert answer["model"] == "claude-sonnet"


async def test_no_tool_is_called_where_none_may_be(model: httpx.AsyncClient) -> None:
    answer = (await model.post("/chat/completions", json=asking("price of ETH", tool_choice="none"))).json()
    assert answer["choices"][0]["message"]["tool_calls"] is None


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"messages": [{}]}'])
async def test_a_request_that_is_none_is_refused(model: httpx.AsyncClient, content: bytes) -> None:
    answer = await model.post("/chat/completions", content=content)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
