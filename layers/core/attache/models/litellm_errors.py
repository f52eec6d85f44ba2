"""LiteLLM's exceptions, translated in this one place into what users can be told.

A provider's own text is never passed on: it may contain parts of the key or of the conversation.
"""

from __future__ import annotations

from http import HTTPStatus

from attache.models.model import FailureCode, ModelFailed, ModelUsage

REFUSING = range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.INTERNAL_SERVER_ERROR)
PASSING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}
WORDS: dict[FailureCode, str] = {
    "provider_unavailable": "The model's provider is not answering right now. Please try again in a moment.",
    "provider_refused": "The model's provider refused the request.",
    "too_large": "The conversation has become too long for this model. Please start a new one.",
    "internal": "The model could not be called.",
}


class ProviderFailed(ModelFailed):
    """A failed call. `again_after`: seconds after which a retry makes sense; None if it does not."""

    def __init__(
        self,
        code: FailureCode,
        words: str,
        detail: str,
        usage: ModelUsage | None,
        again_after: float | None,
        *,
        key_refused: bool = False,
    ) -> None:
        unavailable = code == "provider_unavailable"
        super().__init__(words, code=code, retryable=unavailable, key_refused=key_refused, usage=usage, detail=detail)
        self.again_after = again_after if unavailable else None


def failed(
    code: FailureCode,
    *,
    detail: str,
    usage: ModelUsage | None = None,
    again_after: float | None = None,
    words: str | None = None,
    key_refused: bool = False,
) -> ProviderFailed:
    """A failure in words for the user; only an unavailable provider is worth a retry."""
    return ProviderFailed(code, words or WORDS[code], detail, usage, again_after, key_refused=key_refused)


def translated(
    error: Exception,
    *,
    status: int | None = None,
    usage: ModelUsage | None = None,
    again_after: float = 0.0,
) -> ProviderFailed:
    """The failure that an exception of LiteLLM's, or of the libraries below it, stands for.

    `status` is the HTTP status that the provider answered with, which LiteLLM does not always keep: what it finds wrong
    in a stream, it may call a bad request of ours.
    """
    cause = _cause(error)
    status = status or _status(cause)
    return failed(
        _code(cause, status),
        detail=f"{type(cause).__name__} {status or ''}".rstrip(),
        usage=usage,
        again_after=again_after,
        key_refused=status == HTTPStatus.UNAUTHORIZED,
    )


def raised() -> tuple[type[Exception], ...]:
    """All that a call through LiteLLM may raise; what it trips over itself, it maps to these, too."""
    import httpx
    import openai
    from litellm.llms.base_llm.chat.transformation import BaseLLMException

    return (openai.OpenAIError, BaseLLMException, httpx.HTTPError, *_refusals())


def _cause(error: Exception) -> Exception:
    # a stream that broke is wrapped once more: litellm.exceptions.MidStreamFallbackError
    inner = getattr(error, "original_exception", None)
    return _cause(inner) if isinstance(inner, Exception) else error


def _code(error: Exception, status: int | None) -> FailureCode:
    from litellm import exceptions

    if isinstance(error, exceptions.ContextWindowExceededError) or status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return "too_large"
    if isinstance(error, _refusals()):
        return "provider_refused"
    if status in REFUSING and status not in PASSING:
        return "provider_refused"
    return "provider_unavailable"


def _refusals() -> tuple[type[Exception], ...]:
    """Refusals whatever the status; most are LiteLLM's own, which have none."""
    from litellm import exceptions

    return (
        exceptions.BlockedPiiEntityError,
        exceptions.BudgetExceededError,
        exceptions.ContentPolicyViolationError,
        exceptions.GuardrailRaisedException,
        exceptions.ModelNotMappedError,
        exceptions.ModifyResponseException,
        exceptions.SensitiveDataRouteException,
    )


def _status(error: Exception) -> int | None:
    status = getattr(error, "status_code", None)
    return int(status) if isinstance(status, int) or (isinstance(status, str) and status.isdecimal()) else None
