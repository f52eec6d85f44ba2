"""A local stack as a user starts it, with a model provider that repeats what it is told, slowly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from tests.e2e.stack_process import StackProcess
from tests.load.clients import Client
from tests.load.echo import echo
from tests.servers.openai_server import OpenAIServer


@pytest.fixture(scope="package")
def provider() -> Iterator[OpenAIServer]:
    with start_blocking_portal() as portal:
        server = OpenAIServer(echo)
        with portal.wrap_async_context_manager(server):
            yield server
        assert not server.faults


@pytest.fixture(scope="package")
def stack(provider: OpenAIServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackProcess]:
    begun = StackProcess.begin(tmp_path_factory.mktemp("stack"), variables=of_provider(provider)).ready()
    yield begun
    assert begun.end() == 0


def of_provider(provider: OpenAIServer) -> dict[str, str]:
    """What tells a stack of its provider."""
    return {"OPENAI_API_KEY": "sk-of-a-test-0123456789", "OPENAI_API_BASE": provider.url}


@asynccontextmanager
async def clients(stack: StackProcess) -> AsyncIterator[Clients]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=stack.dev["url"], timeout=60, trust_env=False, limits=limits) as http:
        yield Clients(http, stack.dev["app_key"])


class Clients:
    """Makes clients of one stack, each with a session of its own."""

    def __init__(self, http: httpx.AsyncClient, key: str) -> None:
        self.http = http
        self.key = key

    def new(self) -> Client:
        return Client(self.http, "mycoindex", self.key)
