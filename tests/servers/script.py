"""What a provider server answers, request by request, whatever its wire format is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Piece = str | float | asyncio.Event
Ending = Literal[
    "well",
    "cut",  # the body ends in good order, without a finish reason
    "drop",  # the connection breaks
    "error",  # an error event, as the provider sends it in mid-stream
    "hang",  # nothing more comes
    "idle",  # nothing more comes but what keeps the connection open
    "linger",  # the finish reason comes, and then nothing more
]


@dataclass(frozen=True)
class Asked:
    """A tool call of an answer; `arguments` that are text go out as they are, malformed or not."""

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)
    call_id: str | None = None


@dataclass(frozen=True)
class Answer:
    """A streamed answer: text and waits, then tool calls, in this order.

    A piece is text (one event), seconds to wait, or an event of the test's to wait for; `before` waits ahead of it all.
    `tokens` are input and output; None is a provider that does not say. Arguments go out in pieces of `split`
    characters, those of parallel calls in turn if `interleaved` (OpenAI only). `finish` is the finish reason in the
    words of OpenAI, where it is not the usual one. `thinking` are pieces of a thinking block before it all (Anthropic).
    """

    pieces: Sequence[Piece] = ()
    calls: Sequence[Asked] = ()
    tokens: tuple[int, int] | None = (11, 7)
    ending: Ending = "well"
    finish: str | None = None
    split: int = 7
    interleaved: bool = False
    thinking: Sequence[str] = ()
    before: float | asyncio.Event = 0.0


@dataclass(frozen=True)
class Refusal:
    """An answer with an error status in the provider's own error shape."""

    status: int
    message: str = "refused by the script"
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str | None = None


@dataclass(frozen=True)
class Raw:
    """Bytes, as they are."""

    body: bytes
    content_type: str = "text/event-stream"
    status: int = 200


@dataclass(frozen=True)
class Hangs:
    """The request is read, and nothing is ever answered."""


@dataclass(frozen=True)
class Closes:
    """The request is read, and the connection closed without a byte."""


Reply = Answer | Refusal | Raw | Hangs | Closes


@dataclass
class Received:
    """A request that a server got. `left` is set when the client closed its connection before the answer's end."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    left: asyncio.Event = field(default_factory=asyncio.Event)


Script = Sequence[Reply] | Callable[[Received], Reply]


def text(*pieces: Piece, **more: Any) -> Answer:
    """An answer of text alone."""
    return Answer(pieces=pieces, **more)


def calls(*asked: Asked, **more: Any) -> Answer:
    """An answer of tool calls alone."""
    return Answer(calls=asked, **more)


async def wait(piece: float | asyncio.Event) -> None:
    if isinstance(piece, asyncio.Event):
        await piece.wait()
    elif piece:
        await asyncio.sleep(piece)


def cut_up(arguments: str, size: int) -> list[str]:
    """Arguments in pieces of `size` characters; at least one."""
    return [arguments[at : at + size] for at in range(0, len(arguments), size)] or [""]
