"""What OpenAI's chat-completions endpoint has against a request, as it says it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

PARAMETERS = {
    "model", "messages", "tools", "tool_choice", "parallel_tool_calls", "stream", "stream_options", "temperature",
    "top_p", "max_tokens", "max_completion_tokens", "stop", "n", "user", "seed", "response_format", "reasoning_effort",
}  # fmt: skip
MESSAGE_KEYS = {
    "system": {"role", "content", "name"},
    "developer": {"role", "content", "name"},
    "user": {"role", "content", "name"},
    "assistant": {"role", "content", "name", "tool_calls", "refusal", "function_call", "audio"},
    "tool": {"role", "content", "tool_call_id"},
}
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def fault(body: Any, more_parameters: Set[str] = frozenset()) -> str | None:
    """The first fault of a request, None where there is none."""
    if not isinstance(body, Mapping):
        return "We could not parse the JSON body of your request."
    return next(_faults(body, PARAMETERS | more_parameters), None)


def _faults(body: Mapping[str, Any], parameters: Set[str]) -> Iterator[str]:
    for name in body.keys() - parameters:
        yield f"Unrecognized request argument supplied: {name}"
    if not isinstance(body.get("model"), str) or not body["model"]:
        yield "you must provide a model parameter"
    if not isinstance(body.get("messages"), list) or not body["messages"]:
        yield "[] is too short - 'messages'"
    yield from _tool_faults(body)
    for at, message in enumerate(body.get("messages") or ()):
        yield from _message_faults(at, message)
    yield from _order_faults(body.get("messages") or ())


def _tool_faults(body: Mapping[str, Any]) -> Iterator[str]:
    tools = body.get("tools")
    if tools is not None and not 1 <= len(tools) <= 128:
        yield f"Invalid 'tools': array of length {len(tools)}"
    for name in ("tool_choice", "parallel_tool_calls"):
        if name in body and not tools:
            yield f"'{name}' is only allowed when 'tools' are specified."
    for at, tool in enumerate(tools or ()):
        function = tool.get("function", {})
        if tool.get("type") != "function" or not TOOL_NAME.fullmatch(function.get("name", "")):
            yield f"Invalid 'tools[{at}].function.name'"
        if function.get("parameters", {"type": "object"}).get("type") != "object":
            yield f"Invalid schema for function '{function.get('name')}': schema must have type 'object'"


def _message_faults(at: int, message: Mapping[str, Any]) -> Iterator[str]:
    role = message.get("role")
    if role not in MESSAGE_KEYS:
        yield f"Invalid value: '{role}'. Supported values are: {', '.join(MESSAGE_KEYS)} - 'messages[{at}].role'"
        return
    for name in message.keys() - MESSAGE_KEYS[role]:
        yield f"Additional properties are not allowed ('{name}' was unexpected) - 'messages.{at}'"
    if message.get("content") is None and not (role == "assistant" and message.get("tool_calls")):
        yield f"Invalid value for 'content': expected a string, got null. - 'messages[{at}].content'"
    if "tool_calls" in message and not message["tool_calls"]:
        yield f"[] is too short - 'messages.{at}.tool_calls'"
    for call in message.get("tool_calls") or ():
        yield from _call_faults(at, call)


def _call_faults(at: int, call: Mapping[str, Any]) -> Iterator[str]:
    function = call.get("function", {})
    if not call.get("id") or call.get("type") != "function":
        yield f"Missing required parameter: 'messages[{at}].tool_calls[].id' or '.type'"
    if not TOOL_NAME.fullmatch(function.get("name") or "") or not isinstance(function.get("arguments"), str):
        yield f"Invalid 'messages[{at}].tool_calls[].function'"


def _order_faults(messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    open_calls: set[str] = set()
    for message in messages:
        if message.get("role") == "tool":
            if message.get("tool_call_id") not in open_calls:
                yield "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
            open_calls.discard(message.get("tool_call_id", ""))
            continue
        if open_calls:
            yield _unanswered(open_calls)
        open_calls = {call["id"] for call in message.get("tool_calls") or ()}
    if open_calls:
        yield _unanswered(open_calls)


def _unanswered(calls: set[str]) -> str:
    return (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {', '.join(sorted(calls))}"
    )
