"""What the streams carry: the JSON of each `data:` line."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, RootModel

from attache_openapi.answers import Snapshot, SystemEvent


class Usage(BaseModel):
    """Tokens of a turn; None is unknown."""

    input_tokens: int | None
    output_tokens: int | None
    model: str | None


class Started(BaseModel):
    type: Literal["started"]
    turn_id: str
    message_id: str


class Text(BaseModel):
    """A piece of the answer, at most 16 KB."""

    type: Literal["text"]
    content: str


class ToolCall(BaseModel):
    type: Literal["tool_call"]
    name: str
    call_id: str
    args: Any


class ToolResult(BaseModel):
    """A result; one over 12 KB is an excerpt."""

    type: Literal["tool_result", "async_tool_result"]
    name: str
    call_id: str
    result: Any
    sources: list[Any] | None = None
    truncated: bool | None = None


class Complete(BaseModel):
    """The last event: the answer is finished."""

    type: Literal["complete"]
    status: Literal["done", "interrupted"]
    usage: Usage


class Failed(BaseModel):
    """The last event: the answer could not be finished."""

    type: Literal["error"]
    message: str
    code: Literal["provider_unavailable", "provider_refused", "too_large", "internal"]
    retryable: bool


class Reset(BaseModel):
    """Forget what came before: this is what there is now."""

    type: Literal["reset"]
    snapshot: Snapshot


class ChatEvent(RootModel[Started | Text | ToolCall | ToolResult | Complete | Failed | Reset]):
    """An event of a chat's stream. `reset` may also come first, where `Last-Event-ID` cannot be resumed from."""


class UpdateEvent(BaseModel):
    """An event of the updates channel; which fields there are depends on its type."""

    type: Literal[
        "title_changed", "tool_update", "tool_complete", "system_notice", "system_event", "async_tool_result",
        "state_changed", "started", "text", "complete", "error", "reset",
    ]  # fmt: skip
    session_id: str
    new_title: str | None = None
    tool_name: str | None = None
    name: str | None = None
    call_id: str | None = None
    status: str | None = None
    message: str | None = None
    result: Any = Field(default=None, description="Of tools: as a string.")
    event: SystemEvent | None = None
    content: str | None = None
    message_id: str | None = None
    turn_id: str | None = None
    snapshot: Snapshot | None = None
