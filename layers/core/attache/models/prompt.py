"""A model request as arguments for LiteLLM: OpenAI's chat completions, made acceptable to every provider."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attache.models.model import Message, ModelRequest
from attache.tools.tool import ToolSpec

MESSAGE_KEYS = frozenset(("role", "content", "tool_calls", "tool_call_id", "name"))
OPAQUE_FROM = "opaque_from"


def arguments(request: ModelRequest, provider: str, max_tokens: int | None) -> dict[str, Any]:
    """The arguments of `litellm.acompletion` that say what is asked (not how the provider is reached)."""
    asked: dict[str, Any] = {
        "messages": list(_messages(request.messages, provider)),
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.tools:
        asked["tools"] = [_tool(spec) for spec in request.tools]
        asked["tool_choice"] = "auto" if request.allow_calls else "none"
    if max_tokens:
        asked["max_tokens"] = max_tokens
    return asked


def _tool(spec: ToolSpec) -> Mapping[str, Any]:
    function = {"name": spec.name, "description": spec.description, "parameters": dict(spec.parameters)}
    return {"type": "function", "function": function}


def _messages(messages: Sequence[Message], provider: str) -> Iterator[dict[str, Any]]:
    begun = False
    for message in messages:
        begun = begun or message["role"] != "system"
        yield _message(message, provider, begun)


def _message(message: Message, provider: str, begun: bool) -> dict[str, Any]:
    foreign = message.get(OPAQUE_FROM) != provider
    sent = {name: value for name, value in message.items() if name in MESSAGE_KEYS or not foreign}
    sent.pop(OPAQUE_FROM, None)
    if "tool_calls" in sent:
        sent["tool_calls"] = [_call(call) for call in sent["tool_calls"]]
    if begun and message["role"] == "system":
        # Anthropic knows system text only before the conversation, and LiteLLM would move it there
        return {**sent, "role": "user"}
    return sent


def _call(call: Mapping[str, Any]) -> Mapping[str, Any]:
    """A call in the history; arguments that are no JSON object are wrapped in one, because Anthropic requires one."""
    function = call["function"]
    if _is_object(function["arguments"]):
        return call
    return {**call, "function": {**function, "arguments": json.dumps({"malformed": function["arguments"]})}}


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
