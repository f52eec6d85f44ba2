"""A model request in the form that LiteLLM takes: OpenAI's chat completions, made fit for every provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attache.models.model import Message, ModelRequest
from attache.tools.tool import ToolSpec

MESSAGE_KEYS = frozenset(("role", "content", "tool_calls", "tool_call_id", "name"))
OPAQUE_FROM = "opaque_from"


def arguments(request: ModelRequest, provider: str, max_tokens: int | None) -> dict[str, Any]:
    """The arguments of `litellm.acompletion` that say what is asked (not how it is reached)."""
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
    if begun and message["role"] == "system":
        # Anthropic knows system text only before the conversation, and LiteLLM would move it there
        return {**sent, "role": "user"}
    return sent
