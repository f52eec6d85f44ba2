"""The operator's provider keys, over a real socket: set, replaced and deleted while the service runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from pydantic import SecretStr

from attache.clock import Clock
from attache.models.provider_keys import FRESH_SECONDS, MISSING_SECONDS
from attache.models.ssm_provider_keys import SsmProviderKeys
from attache.settings import Settings
from attache.wire.web_app import web_app
from attache.wiring import wire
from attache_local.ports import listen
from attache_local.service import settings_for
from attache_local.serving import serving
from functions.chat.routes import routes as chat_routes
from functions.control.routes import routes as control_routes
from tests.contract.conformity import conforms
from tests.contract.service import Running
from tests.contract.shapes import Complete, Error, stream

STAGE = "keyed"


class Steered(Clock):
    """Time passes as it does elsewhere, and faster where a test says so."""

    ahead = 0.0

    def now(self) -> int:
        return super().now() + int(self.ahead * 1000)


@pytest.fixture(scope="module")
def clock() -> Steered:
    return Steered()


@pytest.fixture(scope="module")
def keyed(running: Running, clock: Steered) -> Iterator[httpx.Client]:
    """Chat and control of a stage that has no key in its environment, and no demo model."""
    local = settings_for(running.outputs, None)
    settings = local.model_copy(update={"stage": STAGE})
    hooks = {"response": [conforms]}
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_served(settings, running, clock)) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=30, event_hooks=hooks) as client,
    ):
        yield client


@asynccontextmanager
async def _served(settings: Settings, running: Running, clock: Steered) -> AsyncIterator[str]:
    services = wire(settings, running.aws, {"OPENAI_API_BASE": running.provider.url}, clock=clock)
    app = web_app([chat_routes(services), control_routes(services)], services.keys.settle)
    async with serving(app, listen(0)) as url:
        yield url
    await services.aclose()


@pytest.fixture
def keys(running: Running) -> Iterator[SsmProviderKeys]:
    keys = SsmProviderKeys(running.aws, STAGE)
    yield keys
    asyncio.run(keys.delete("openai"))


def put(running: Running, keys: SsmProviderKeys, key: str) -> None:
    asyncio.run(keys.put("openai", SecretStr(key), running.outputs["SecretsKey"]))


def ask(keyed: httpx.Client) -> Complete | Error:
    answer = keyed.post("/api/chat", json={"text": "hi"}, headers={"X-Session-Id": str(uuid4())})
    last = stream(answer)[-1].event
    assert isinstance(last, Complete | Error)
    return last


def test_a_key_is_used_without_a_deploy_replaced_without_a_failure_and_missed_in_plain_words(
    running: Running, keyed: httpx.Client, keys: SsmProviderKeys, clock: Steered
) -> None:
    refused = ask(keyed)
    assert isinstance(refused, Error)
    assert refused.code == "provider_refused"
    assert "There is no key for the provider of Claude Sonnet" in refused.message

    put(running, keys, "sk-first")
    clock.ahead += MISSING_SECONDS
    assert keyed.get("/api/control/models").json()[0] == "gpt-4o", "the default app begins with what can be paid"
    assert isinstance(ask(keyed), Complete)
    assert running.provider.requests[-1].headers["authorization"] == "Bearer sk-first"

    put(running, keys, "sk-bad-by-now")  # the script refuses keys that begin so
    clock.ahead += FRESH_SECONDS
    assert isinstance(ask(keyed), Error)
    put(running, keys, "sk-second")
    assert isinstance(ask(keyed), Complete), "a refused key is looked up again at once"
    assert running.provider.requests[-1].headers["authorization"] == "Bearer sk-second"
