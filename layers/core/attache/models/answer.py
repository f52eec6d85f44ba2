"""Assembling a streamed answer from LiteLLM's chunks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from attache.models.model import RequestedCall
from attache.models.prompt import OPAQUE_FROM

TRUNCATED = frozenset(("length", "max_tokens"))
REFUSED = frozenset(("content_filter", "refusal", "safety"))


@dataclass
class _Call:
    call_id: str | None
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class Answer:
    """The answer so far; chunks have OpenAI's shape."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._open: dict[int, _Call] = {}
        self._thinking: list[dict[str, Any]] = []
        self._said = False
        self._half = ""

    def add(self, chunk: Any) -> str:
        """Add a chunk; returns its text, or an empty string."""
        if not chunk.choices:
            return ""
        delta = chunk.choices[0].delta
        for piece in getattr(delta, "tool_calls", None) or ():
            self._add_call(piece)
        for block in getattr(delta, "thinking_blocks", None) or ():
            self._add_thinking(block)
        text = self._characters(getattr(delta, "content", None) or "")
        self._said = self._said or bool(text)
        return text

    @property
    def empty(self) -> bool:
        """Whether there was neither text nor a call."""
        return not self._said and not self._calls

    @property
    def calls(self) -> tuple[RequestedCall, ...]:
        """The tool calls in the order they began; missing arguments become an empty object."""
        return tuple(
            RequestedCall(whole(call.name), whole("".join(call.arguments)) or "{}") for call in self._calls if call.name
        )

    def opaque(self, provider: str) -> Mapping[str, Any] | None:
        """What the provider wants back, marked with its name: another provider would refuse it."""
        kept = [block for block in self._thinking if block["type"] != "thinking" or block.get("signature")]
        blocks = [{name: whole(value) if isinstance(value, str) else value for name, value in b.items()} for b in kept]
        return {OPAQUE_FROM: provider, "thinking_blocks": blocks} if blocks else None

    def _characters(self, text: str) -> str:
        """The complete characters: half a surrogate pair at the end waits for its other half."""
        text = self._half + text
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return whole(text.removesuffix(self._half))

    def _add_call(self, piece: Any) -> None:
        call = self._call(piece.index or 0, piece.id)
        call.name += piece.function.name or ""
        call.arguments.append(piece.function.arguments or "")

    def _call(self, index: int, call_id: str | None) -> _Call:
        call = self._open.get(index)
        # some gateways give every parallel call the index 0; only their ids differ
        if call is None or (call_id and call.call_id and call_id != call.call_id):
            call = self._open[index] = _Call(call_id)
            self._calls.append(call)
        return call

    def _add_thinking(self, block: Mapping[str, Any]) -> None:
        last = self._thinking[-1] if self._thinking else None
        if last is None or block["type"] != "thinking" or last["type"] != "thinking" or "signature" in last:
            self._thinking.append(dict(block))
            return
        last["thinking"] += block.get("thinking") or ""
        if block.get("signature"):
            last["signature"] = block["signature"]


def whole(text: str) -> str:
    """The text with surrogate pairs joined; a lone half, which cannot be stored, becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def last_usage(chunks: Iterable[Any]) -> Any | None:
    """The provider's own token count; None if it sent none."""
    counts: Sequence[Any] = [usage for chunk in chunks if (usage := getattr(chunk, "usage", None)) is not None]
    return counts[-1] if counts else None
