"""What a turn asks of a language model, and what it gets back.

Messages have OpenAI's chat-completions form, as plain JSON; the adapter (`attache.models.litellm_models`) makes every
provider's own form from them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from attache.errors import AttacheError
from attache.tools.tool import ToolSpec

FailureCode = Literal["provider_unavailable", "provider_refused", "too_large", "internal"]
Limit = Literal["tokens", "characters"]
Message = Mapping[str, Any]


@dataclass(frozen=True)
class ModelRequest:
    """One call of a model.

    `model` is one of our ids (`claude-sonnet`, `openrouter/<anything>`). `tools` are always sent, so that the model
    understands earlier calls; `allow_calls=False` forbids new ones. `api_key`: the user's own, if there is one.
    `messages_for` returns the messages as they fit another model, or raises ModelFailed; None if they fit every one.
    """

    model: str
    messages: Sequence[Message]
    tools: Sequence[ToolSpec] = ()
    allow_calls: bool = True
    api_key: str | None = None
    messages_for: Callable[[str], Awaitable[Sequence[Message]]] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class TextDelta:
    """A piece of the answer, as the provider sent it; never empty."""

    text: str


@dataclass(frozen=True)
class RequestedCall:
    """A tool call that the model asks for; `arguments` is JSON text as the model wrote it, possibly malformed."""

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

    `opaque`: extra keys of the assistant message that the provider wants back (thinking blocks and their signatures).
    `truncated`: the limit that cut the answer, the provider's of tokens or our own of characters; None if it is whole.
    `model`: the one that answered, if it is not the requested one.
    """

    calls: tuple[RequestedCall, ...] = ()
    usage: ModelUsage = ModelUsage()
    opaque: Mapping[str, Any] | None = None
    truncated: Limit | None = None
    model: str | None = None


ModelEvent = TextDelta | Completion


class ModelFailed(AttacheError):
    """The provider did not answer, or not completely. `message` is in plain words for the user.

    `detail` is the kind of failure, for the log, without text of the provider or user. `key_refused`: the provider did
    not accept the API key. `own_key`: it was the user's own.
    """

    def __init__(
        self,
        message: str,
        *,
        code: FailureCode,
        retryable: bool,
        key_refused: bool = False,
        own_key: bool = False,
        usage: ModelUsage | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.key_refused = key_refused
        self.own_key = own_key
        self.usage = usage
        self.detail = detail


class Models(Protocol):
    """Streams answers from language models."""

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Text deltas as they come, then exactly one `Completion`.

        Raises ModelFailed. Failures before the first delta have been retried. Closing the stream closes the connection.
        """
        ...
