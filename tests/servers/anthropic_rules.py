"""What Anthropic's messages endpoint has against a request, as it says it.

Stricter in one thing: roles must alternate here, which the API no longer asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

Block = Mapping[str, Any]
PARAMETERS = {
    "model", "messages", "system", "tools", "tool_choice", "max_tokens", "stream", "temperature", "top_p", "top_k",
    "stop_sequences", "metadata", "thinking",
}  # fmt: skip
BLOCKS = {"user": {"text", "tool_result", "image"}, "assistant": {"text", "tool_use", "thinking", "redacted_thinking"}}
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
CALL_ID = re.compile(r"[a-zA-Z0-9_-]+")


def fault(body: Any) -> str | None:
    """The first fault of a request, None where there is none."""
    if not isinstance(body, Mapping):
        return "The request body is not valid JSON"
    return next(_faults(body), None)


def _faults(body: Mapping[str, Any]) -> Iterator[str]:
    for name in body.keys() - PARAMETERS:
        yield f"{name}: Extra inputs are not permitted"
    for name in ("model", "messages", "max_tokens"):
        if not body.get(name):
            yield f"{name}: Field required"
    if "system" in body and not all(block["text"].strip() for block in _blocks(body["system"])):
        yield "system: text content blocks must be non-empty"
    yield from _tool_faults(body)
    yield from _message_faults(body.get("messages") or [])


def _tool_faults(body: Mapping[str, Any]) -> Iterator[str]:
    tools = body.get("tools") or []
    names = [tool.get("name", "") for tool in tools]
    if body.get("tool_choice") and not tools:
        yield "tool_choice may only be specified while providing tools"
    if len(set(names)) < len(names):
        yield "tools: Tool names must be unique."
    for at, tool in enumerate(tools):
        if not TOOL_NAME.fullmatch(tool.get("name", "")):
            yield f"tools.{at}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
        if tool.get("input_schema", {}).get("type") != "object":
            yield f"tools.{at}.custom.input_schema.type: Field required"
    used = any(
        block["type"] in ("tool_use", "tool_result") for m in body["messages"] for block in _blocks(m["content"])
    )
    if used and not tools:
        yield "Requests which include `tool_use` or `tool_result` blocks must define tools"


def _message_faults(messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for at, message in enumerate(messages):
        if message.get("role") not in BLOCKS:
            yield f'messages.{at}.role: Unexpected role "{message.get("role")}"'
            return
        yield from _content_faults(at, message["role"], _blocks(message.get("content")))
    if messages and messages[0]["role"] != "user":
        yield 'messages: first message must use the "user" role'
    if messages and messages[-1]["role"] != "user":
        yield "This model does not support assistant message prefill. The conversation must end with a user message."
    if any(before["role"] == after["role"] for before, after in pairwise(messages)):
        yield 'messages: roles must alternate between "user" and "assistant"'
    yield from _call_faults(messages)


def _content_faults(at: int, role: str, blocks: Sequence[Block]) -> Iterator[str]:
    if not blocks:
        yield f"messages.{at}: all messages must have non-empty content except for the optional final assistant message"
    for block in blocks:
        if block["type"] not in BLOCKS[role]:
            yield f"messages.{at}: `{block['type']}` blocks cannot be in {role} messages"
        if block["type"] == "text" and not block["text"].strip():
            yield "messages: text content blocks must contain non-whitespace text"
        if block["type"] == "thinking" and not block.get("signature"):
            yield f"messages.{at}: thinking.signature: Field required"
        if block["type"] == "tool_use" and not isinstance(block.get("input"), Mapping):
            yield f"messages.{at}: tool_use.input: Input should be a valid dictionary"


def _call_faults(messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    asked: list[str] = []
    for at, message in enumerate(messages):
        blocks = _blocks(message["content"])
        answered = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if missing := set(asked) - set(answered):
            yield f"messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: {missing}"
        if unexpected := set(answered) - set(asked):
            yield f"messages.{at}: unexpected `tool_use_id` found in `tool_result` blocks: {unexpected}"
        if len(set(answered)) < len(answered):
            yield f"messages.{at}: each tool_use must have a single result. Found multiple `tool_result` blocks"
        if answered and not all(block["type"] == "tool_result" for block in blocks[: len(answered)]):
            yield f"messages.{at}: `tool_result` blocks must come first"
        asked = [block["id"] for block in blocks if block["type"] == "tool_use"]
        if len(set(asked)) < len(asked) or not all(CALL_ID.fullmatch(call_id) for call_id in asked):
            yield f"messages.{at}: `tool_use` ids must be unique and match '^[a-zA-Z0-9_-]+$'"
    if asked:
        yield f"`tool_use` ids were found without `tool_result` blocks immediately after: {asked}"


def _blocks(content: Any) -> Sequence[Block]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return content or []
