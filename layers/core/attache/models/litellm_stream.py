"""One streamed call through LiteLLM, from the request to the closed connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from attache.models.access import Access
from attache.models.answer import REFUSED, TRUNCATED, Answer, last_usage
from attache.models.httpx_calls import CallTransport
from attache.models.litellm_errors import failed, raised, translated
from attache.models.model import Completion, Limit, ModelEvent, ModelUsage, TextDelta


@dataclass(frozen=True)
class Silence:
    """How long a provider may be silent, in seconds: before its first text, between two, and after the last."""

    first: float = 60.0
    gap: float = 60.0
    tail: float = 5.0


class LitellmStream:
    """`async with LitellmStream(...) as stream:` then `stream.events()`, once; leaving closes the connection."""

    def __init__(self, access: Access, asked: Mapping[str, Any], transport: CallTransport, silence: Silence) -> None:
        self._access = access
        self._asked = asked
        self._transport = transport
        self._silence = silence
        self._answer = Answer()
        self._chunks: Any = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._chunks is not None:
            await self._chunks.aclose()
        await self._transport.aclose()

    async def events(self) -> AsyncGenerator[ModelEvent, None]:
        """Text as it comes, then the completion. Raises ProviderFailed."""
        deadline = self._from_now(self._silence.first)
        await self._open(deadline)
        while (chunk := await self._next(deadline)) is not None:
            text = self._answer.add(chunk)
            if text:
                yield TextDelta(text)
            if self._over:
                break
            deadline = self._from_now(self._silence.tail if self._finish else self._silence.gap)
        yield self._completion()

    async def _open(self, deadline: float) -> None:
        import litellm

        call = litellm.acompletion(
            model=self._access.route,
            api_key=self._access.api_key,
            api_base=self._access.api_base,
            client=sending_client(self._access, self._transport),
            timeout=self._silence.first + self._silence.gap,
            max_retries=0,
            num_retries=0,
            _skip_mcp_handler=True,  # or any call with tools imports LiteLLM's proxy, which needs more packages
            **self._asked,
        )
        try:
            async with asyncio.timeout_at(deadline):
                self._chunks = await call
        except TimeoutError:
            raise failed("provider_unavailable", detail="silent before its first word") from None
        except raised() as error:
            again_after = self._transport.retry_after or 0.0
            raise translated(error, status=self._transport.status, again_after=again_after) from None

    async def _next(self, deadline: float) -> Any | None:
        try:
            async with asyncio.timeout_at(deadline):
                return await anext(self._chunks, None)
        except TimeoutError:
            if self._finish:
                return None
            raise failed("provider_unavailable", detail="silent", usage=self._usage(partial=True)) from None
        except raised() as error:
            if self._finish:
                return None
            raise translated(error, status=self._transport.status, usage=self._usage(partial=True)) from None

    @property
    def _finish(self) -> str | None:
        """The provider's finish reason. LiteLLM's own chunks say `stop` even for a stream that was cut."""
        return self._chunks.received_finish_reason or self._chunks.intermittent_finish_reason or None

    @property
    def _over(self) -> bool:
        """Whether everything has come: LiteLLM's last chunk, or the token count after the finish reason."""
        counted = last_usage(self._chunks.chunks) is not None
        return counted if self._finish else bool(self._chunks.sent_last_chunk)

    @property
    def _nothing(self) -> bool:
        """Not even a token count has come: a finish reason alone means that the stream was cut."""
        return self._answer.empty and last_usage(self._chunks.chunks) is None

    def _completion(self) -> Completion:
        finish = self._finish
        if finish is None or self._nothing:
            raise failed("provider_unavailable", detail="cut", usage=self._usage(partial=True), again_after=0.0)
        if finish in REFUSED:
            raise failed("provider_refused", detail=finish, usage=self._usage(partial=False))
        opaque = self._answer.opaque(self._access.provider)
        limit: Limit | None = "tokens" if finish in TRUNCATED else None
        return Completion(self._answer.calls, self._usage(partial=False), opaque, truncated=limit)

    def _usage(self, *, partial: bool) -> ModelUsage:
        count = last_usage(self._chunks.chunks)
        if count is None or not count.prompt_tokens:
            return ModelUsage(partial=partial)
        return ModelUsage(count.prompt_tokens, count.completion_tokens, _cost(self._access, count), partial)

    def _from_now(self, seconds: float) -> float:
        return asyncio.get_running_loop().time() + seconds


def sending_client(access: Access, transport: CallTransport) -> Any:
    """The HTTP client for LiteLLM to use: OpenAI's own for OpenAI, LiteLLM's for every other provider."""
    import openai
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

    if access.provider != "openai":
        return AsyncHTTPHandler(transport=transport, follow_redirects=False)
    http = httpx.AsyncClient(transport=transport, follow_redirects=False)
    return openai.AsyncOpenAI(api_key=access.api_key, base_url=access.api_base, http_client=http, max_retries=0)


def _cost(access: Access, count: Any) -> float | None:
    """US dollars, as the provider says, else by LiteLLM's price list; None if neither knows."""
    import litellm

    if access.demo:
        return None
    said = getattr(count, "cost", None)
    if isinstance(said, float | int):
        return float(said)
    try:
        prompt, completion = litellm.cost_per_token(model=access.route, usage_object=count)
    except litellm.NotFoundError:
        return None
    return float(prompt + completion)
