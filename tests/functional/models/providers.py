"""The providers, each at a server of the test's own, and a short way to ask them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from attache.models.access import ProviderAccess
from attache.models.catalogue import Catalogue
from attache.models.litellm_models import LitellmModels, Patience
from attache.models.litellm_stream import Silence
from attache.models.model import Completion, Message, ModelEvent, ModelRequest, TextDelta
from attache.tools.tool import ToolSpec
from tests.servers.anthropic_server import AnthropicServer
from tests.servers.openai_server import OpenAIServer, OpenRouterServer
from tests.servers.provider_server import ProviderServer
from tests.servers.script import Received, Script

KEY = "sk-operators-own-0123456789"
ASKED: Sequence[Message] = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"})
PRICE = ToolSpec(
    name="GetTokenPrice",
    description="The price of a token",
    parameters={"type": "object", "properties": {"symbol": {"type": "string"}}, "required": ["symbol"]},
    safe=True,
)


@dataclass(frozen=True)
class Provider:
    name: str
    model: str
    server: type[ProviderServer]

    def __str__(self) -> str:
        return self.name


OPENAI = Provider("openai", "gpt-4o", OpenAIServer)
ANTHROPIC = Provider("anthropic", "claude-sonnet", AnthropicServer)
OPENROUTER = Provider("openrouter", "openrouter/meta-llama/llama-4-maverick", OpenRouterServer)
PROVIDERS = (OPENAI, ANTHROPIC, OPENROUTER)


@dataclass
class Asking:
    """A provider with its server, and what was waited between attempts (nobody really waits)."""

    provider: Provider
    server: ProviderServer
    models: LitellmModels
    waits: list[float] = field(default_factory=list)

    @property
    def requests(self) -> list[Received]:
        return self.server.requests

    def stream(self, messages: Sequence[Message] = ASKED, **more: Any) -> AsyncGenerator[ModelEvent, None]:
        request = ModelRequest(self.provider.model, messages, **{"tools": (PRICE,), **more})
        return self.models.stream(request)

    async def events(self, messages: Sequence[Message] = ASKED, **more: Any) -> list[ModelEvent]:
        async with aclosing(self.stream(messages, **more)) as events:
            return [event async for event in events]

    async def answer(self, messages: Sequence[Message] = ASKED, **more: Any) -> tuple[str, Completion]:
        *deltas, completion = await self.events(messages, **more)
        assert isinstance(completion, Completion)
        return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)), completion


@asynccontextmanager
async def asking(provider: Provider, script: Script, silence: Silence | None = None) -> AsyncIterator[Asking]:
    """A provider that follows the script; its key is known, as an operator's environment would have it."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with provider.server(script) as server:
        access = ProviderAccess({provider.name: KEY}, {provider.name: server.url})
        models = LitellmModels(
            Catalogue.read(), access, silence=silence, patience=Patience(), sleep=sleep, random=lambda: 0.5
        )
        try:
            yield Asking(provider, server, models, waits)
        finally:
            await models.aclose()
