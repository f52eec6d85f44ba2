"""Results of tool calls as events: on chat streams, the updates channel and in system events."""

from __future__ import annotations

import json
from typing import Any

from attache.errors import BadInput
from attache.sessions.entries import CallResult
from attache.wire.json_text import parse_json

Json = dict[str, Any]
RESULT_BYTES = 12_000


def tool_result_event(result: CallResult, kind: str = "tool_result") -> Json:
    """`tool_result` or `async_tool_result`; an excerpt if the result is over 12 KB or stored in part."""
    event: Json = {"type": kind, "name": result.name, "call_id": result.call_id, "result": parsed(result.text)}
    if len(json.dumps(event["result"])) > RESULT_BYTES:
        event |= {"result": _excerpt(result.text), "truncated": True}
    elif result.whole:
        event["truncated"] = True
    return {**event, "sources": list(result.sources)} if result.sources else event


def _excerpt(text: str) -> str:
    """The beginning of a text that takes at most 12 KB on the wire."""
    excerpt = text[:RESULT_BYTES]
    while (size := len(json.dumps(excerpt))) > RESULT_BYTES:
        excerpt = excerpt[: len(excerpt) * RESULT_BYTES // size - 1]
    return excerpt


def parsed(text: str) -> Any:
    """The value if the text is JSON that browsers can read too (no NaN), else the text itself."""
    try:
        return parse_json(text, "This")
    except BadInput:
        return text


def tool_update(call_id: str, name: str, status: str, args: Any, message: str = "") -> Json:
    """`tool_update`: the progress of a call."""
    return {"type": "tool_update", "tool_name": name, "name": name, "call_id": call_id, "status": status,
            "message": message, "args": args, "result": ""}  # fmt: skip


def completed(result: CallResult) -> Json:
    """`tool_complete`: the result of a call, which may be that it is pending."""
    return {"type": "tool_complete", "tool_name": result.name, "name": result.name, "call_id": result.call_id,
            "status": status_of(result), "message": "", "result": result.text}  # fmt: skip


def status_of(result: CallResult) -> str:
    """`success`, `pending` or `error`."""
    return {"ok": "success", "pending": "pending"}.get(result.outcome, "error")
