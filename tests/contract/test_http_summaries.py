"""A long conversation, over the whole service: what the provider is sent stays small, and forgets nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import httpx
import pytest

from attache.sessions.dynamo_items import key, summary_of
from attache.turns.prompt import SO_FAR
from attache.turns.summaries import BLOCKS, TASK
from attache.turns.window import MESSAGES
from tests.contract.service import FACT, Running
from tests.contract.shapes import snapshot

pytestmark = [pytest.mark.aws, pytest.mark.timeout(120)]
TURNS = 60
TOLD_EVERY, TOOLS_EVERY, WORKER_EVERY = 9, 7, 6  # turns

Messages = Sequence[Mapping[str, Any]]


def test_sixty_turns_are_remembered_in_prompts_that_do_not_grow(http: httpx.Client, running: Running) -> None:
    mark, headers = uuid4().hex, {"X-Session-Id": str(uuid4())}
    for turn in range(TURNS):
        word = "tool" if turn % TOOLS_EVERY == TOOLS_EVERY - 1 else "hi"
        fact = f" fact-{mark}-{turn}" if turn % TOLD_EVERY == 0 else ""
        _say(http, headers, f"{word} number-{turn}{fact}", by_worker=turn % WORKER_EVERY == 0)
    sent = [request.body["messages"] for request in running.provider.requests if mark in json.dumps(request.body)]
    prompts = [messages for messages in sent if messages[0]["content"] != TASK]
    summaries = [messages for messages in sent if messages[0]["content"] == TASK]
    _are_bounded(prompts)
    _forget_nothing(prompts, mark)
    assert prompts[-1][1]["content"].startswith(SO_FAR)
    blocks = TURNS // ((BLOCKS.full - BLOCKS.kept) // 2)
    assert 4 <= len(summaries) <= 2 * blocks  # a turn that ends while a block is summarised asks for it again
    assert max(len(json.dumps(messages)) for messages in summaries) < 12_000
    assert _stored(running, headers["X-Session-Id"]) < 8_000


def _say(http: httpx.Client, headers: Mapping[str, str], message: str, *, by_worker: bool) -> None:
    if by_worker:
        assert snapshot(http.post("/api/chat", params={"message": message}, headers=headers)).status == "idle"
    else:
        assert '"type":"complete"' in http.post("/api/chat", json={"text": message}, headers=headers).text


def _are_bounded(prompts: Sequence[Messages]) -> None:
    assert max(len(json.dumps(messages)) for messages in prompts[TURNS // 2 :]) < 12_000
    for messages in prompts:
        said = [message["content"] for message in messages if message["role"] == "user"]
        assert sum("number-" in text for text in said) <= MESSAGES // 2
        asked = [call["id"] for message in messages for call in message.get("tool_calls") or ()]
        assert [message["tool_call_id"] for message in messages if message["role"] == "tool"] == asked


def _forget_nothing(prompts: Sequence[Messages], mark: str) -> None:
    for messages in prompts:
        shown = json.dumps(messages)
        newest = max(turn for turn in range(TURNS) if f"number-{turn}" in shown)
        told = [f"fact-{mark}-{turn}" for turn in range(0, newest + 1, TOLD_EVERY)]
        assert FACT.findall(shown) == told


def _stored(running: Running, session_id: str) -> int:
    """Bytes of the summary."""
    item = key(session_id, "META#SUM")
    found = asyncio.run(running.aws.call("dynamodb", "get_item", TableName=running.outputs["SessionsTable"], Key=item))
    return len(summary_of(found["Item"]).text.encode())
