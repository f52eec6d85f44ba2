"""What a turn asks of a language model, and what it gets back.

Messages are the OpenAI chat-completions ones, as plain JSON: every provider's own form is made from them by
the adapter (`attache.models.litellm_models`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from attache.errors import AttacheError
from attache.tools.tool import ToolSpec

FailureCode = Literal["provider_unavailable", "provider_refused", "too_large", "internal"]
Message = Mapping[str, Any]


@dataclass(frozen=True)
class ModelRequest:
    """One call of a model.

    `model` is an id of ours (`claude-sonnet`, `openrouter/<anything>`). `tools` are always sent, so that calls in the
    history stay explained; `allow_calls` false forbids new ones. `api_key` is the user's own, where there is one.
    """

    model: str
    messages: Sequence[Message]
    tools: Sequence[ToolSpec] = ()
    allow_calls: bool = True
    api_key: str | None = None


@dataclass(frozen=True)
class TextDelta:
    """A piece of the answer, as the provider sent it; never empty."""

    text: str


@dataclass(frozen=True)
class RequestedCall:
    """A tool call the model asks for; `arguments` is JSON text as the model wrote it, perhaps malformed."""

    name: str
    arguments: str


@dataclass(frozen=True)
class ModelUsage:
    """Tokens and cost (US dollars) of one call; None is unknown, which is not zero. `partial`: the stream was cut."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    partial: bool = False


@dataclass(frozen=True)
class Completion:
    """The end of a model's answer.

    `opaque` is what the provider wants back in the same assistant message (thinking blocks and their signatures), as
    extra keys of that message. `truncated`: the provider stopped at its token limit. `model`: the one that answered,
    where it is not the one that was asked.
    """

    calls: tuple[RequestedCall, ...] = ()
    usage: ModelUsage = ModelUsage()
    opaque: Mapping[str, Any] | None = None
    truncated: bool = False
    model: str | None = None


ModelEvent = TextDelta | Completion


class ModelFailed(AttacheError):
    """The provider did not answer, or not to the end. `message` is plain words for the user.

    `detail` is for the log: what kind of failure it was, and no text of the provider's or the user's. `key_refused`:
    it was the API key that the provider did not accept.
    """

    def __init__(
        self,
        message: str,
        *,
        code: FailureCode,
        retryable: bool,
        key_refused: bool = False,
        usage: ModelUsage | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.key_refused = key_refused
        self.usage = usage
        self.detail = detail


class Models(Protocol):
    """Streams answers from language models."""

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Text deltas as they come, then exactly one `Completion`.

        Raises ModelFailed. Failures before the first delta were retried already; closing it closes the connection.
        """
        ...
