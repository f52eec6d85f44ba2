"""The contract's shapes, strictly: no field is missing, of another type, or one that the contract does not have."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tests.contract.conformity import conforms_event


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Message(Strict):
    id: str
    sender: Literal["user", "agent", "system"]
    content: str
    timestamp: str
    is_streaming: bool
    tool_result: Annotated[list[str], Field(min_length=2, max_length=2)] | None
    sources: list[dict[str, Any]] = []


class Snapshot(Strict):
    session_id: str
    status: Literal["idle", "processing", "interrupted"]
    is_processing: bool
    title: str
    messages: list[Message]
    system_events: list[dict[str, Any]]
    user_state: dict[str, Any] | None
    last_event_id: str
    truncated: Literal[True] | None = None

    @property
    def said(self) -> list[tuple[str, str]]:
        """Who said what, without tools."""
        return [(message.sender, message.content) for message in self.messages if message.tool_result is None]

    @property
    def answer(self) -> str:
        """The agent's text after the last message of the user."""
        last = max(place for place, message in enumerate(self.messages) if message.sender == "user")
        return "".join(message.content for message in self.messages[last + 1 :])


class Interrupted(Snapshot):
    interrupted: bool


class Started(Strict):
    type: Literal["started"]
    turn_id: str
    message_id: str


class Text(Strict):
    type: Literal["text"]
    content: Annotated[str, Field(min_length=1)]


class ToolCall(Strict):
    type: Literal["tool_call"]
    name: str
    call_id: str
    args: Any


class ToolResult(Strict):
    type: Literal["tool_result"]
    name: str
    call_id: str
    result: Any
    sources: list[dict[str, Any]] = []
    truncated: Literal[True] | None = None


class Usage(Strict):
    input_tokens: int | None
    output_tokens: int | None
    model: str


class Complete(Strict):
    type: Literal["complete"]
    status: Literal["done", "interrupted"]
    usage: Usage | None


class Error(Strict):
    type: Literal["error"]
    message: str
    code: Literal["provider_unavailable", "provider_refused", "too_large", "internal"]
    retryable: bool


StreamEvent = Started | Text | ToolCall | ToolResult | Complete | Error
_EVENT: TypeAdapter[StreamEvent] = TypeAdapter(Annotated[StreamEvent, Field(discriminator="type")])


@dataclass(frozen=True)
class Received:
    """An event of a stream, with the id that it can be resumed from."""

    event: StreamEvent | None
    id: str | None


def snapshot(answer: httpx.Response) -> Snapshot:
    """The snapshot that an answer is."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    found = Snapshot.model_validate_json(answer.content)
    for message in found.messages:
        assert datetime.fromisoformat(message.timestamp).utcoffset() is not None
    assert len({message.id for message in found.messages}) == len(found.messages)
    return found


def stream(answer: httpx.Response) -> list[Received]:
    """The events of a whole stream, comments left out."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    return list(events(answer.content.split(b"\n\n")))


def events(blocks: Iterable[bytes]) -> Iterable[Received]:
    """The events of blocks that ended with an empty line each."""
    for block in blocks:
        lines = [line for line in block.decode().split("\n") if line and not line.startswith(":")]
        fields = dict(line.split(": ", 1) for line in lines)
        assert len(fields) == len(lines), "an event has one id and one data line at most"
        assert list(fields) in ([], ["id"], ["data"], ["id", "data"])
        if fields:
            yield Received(_event(json.loads(fields["data"])) if "data" in fields else None, fields.get("id"))


def _event(data: Any) -> StreamEvent:
    conforms_event(data)
    return _EVENT.validate_python(data)


def spoken(received: Iterable[Received]) -> str:
    """The text of a stream."""
    return "".join(each.event.content for each in received if isinstance(each.event, Text))
