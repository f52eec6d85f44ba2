"""The functions as Lambda has them: each a container of its own, with what it remembers, over one counting AWS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from attache.aws import Aws
from attache.clock import Clock
from attache.models.model import ModelEvent, ModelRequest, Models
from attache.settings import Settings
from attache.turns.timings import DEFAULT
from attache.turns.wakeups import Guard, parse_job
from attache.wire.web_app import web_app
from attache.wiring import Services
from attache_local.embedded_aws import EmbeddedAws
from attache_local.example import API_KEY, APP, Operator
from attache_local.ports import listen
from attache_local.service import settings_for
from attache_local.serving import serving
from attache_local.stacks import deploy_stacks
from example_api.server import example_api
from functions.chat.routes import routes as chat_routes
from functions.interrupt.routes import routes as interrupt_routes
from functions.state.routes import routes as state_routes
from functions.turns.jobs import do_job
from functions.updates.routes import routes as updates_routes
from tests.bench.counting_aws import CountingAws
from tests.bench.tally import Tally, acting_as, current
from tests.fakes.models import FakeModels

ROUTES = (chat_routes, state_routes, interrupt_routes, updates_routes)


@dataclass(frozen=True)
class NotedModels:
    """Models that note on the tally when they are called."""

    models: Models

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        if tally := current():
            tally.note_model()
        async for event in self.models.stream(request):
            yield event


@dataclass(frozen=True)
class ScriptedServices(Services):
    """The service as it is wired, but that its models say what a script says."""

    script: FakeModels = field(default_factory=FakeModels)

    @cached_property
    def models(self) -> Models:  # type: ignore[override]
        return NotedModels(self.script)


@dataclass(frozen=True)
class Container:
    """One container of any of the functions; a new one remembers nothing."""

    name: str
    services: Services
    key: str

    @cached_property
    def _app(self) -> FastAPI:
        return web_app([routes(self.services) for routes in ROUTES], self.services.keys.settle)

    async def ask(self, method: str, path: str, session_id: str, **more: Any) -> httpx.Response:
        """An HTTP request to this container; counted with what its answer weighs."""
        headers = {"X-Session-Id": session_id, **more.pop("headers", {})}
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://attache", timeout=None) as client:
            with acting_as(self.name):
                answer = await client.request(method, path, headers=headers, **more)
        if tally := current():
            tally.invocations[self.name] += 1
            tally.bytes_out += len(answer.content)
        assert answer.status_code in (200, 304), answer.text
        return answer

    async def chat(self, session_id: str, message: str, *, snapshot: bool = False) -> httpx.Response:
        """A message to the example app, with its key."""
        asked: dict[str, Any] = {"params": {"app": APP}, "json": {"text": message}}
        if snapshot:
            asked = {"params": {"app": APP, "message": message}}
        answer = await self.ask("POST", "/api/chat", session_id, headers={"X-API-Key": self.key}, **asked)
        assert snapshot or '"type":"complete"' in answer.text, answer.text
        return answer

    async def work(self, body: str, tally: Tally) -> None:
        """A message of the turns queue: Lambda's poller receives it, and deletes it when it has been handled."""
        with acting_as(self.name):
            tally.end(tally.begin("sqs", "receive_message"))
            await do_job(self.services, body)
            tally.end(tally.begin("sqs", "delete_message"))
        tally.invocations[self.name] += 1


@dataclass(frozen=True)
class House:
    """What all containers share: tables, queue, the example app and a key for it."""

    aws: CountingAws
    settings: Settings
    key: str

    def container(self, name: str, script: FakeModels | None = None, clock: Clock | None = None) -> Container:
        """A new one, which remembers nothing."""
        services = ScriptedServices(self.settings, self.aws, {}, clock or Clock(), DEFAULT, script or FakeModels())
        return Container(name, services, self.key)

    async def used(self, name: str, script: FakeModels | None = None, clock: Clock | None = None) -> Container:
        """One that knows app and key, but not the session that is asked for next."""
        container = self.container(name, script, clock)
        await container.services.keys.check(self.key, APP)
        await container.services.keys.settle()
        await container.services.apps.get(APP)
        return container


@asynccontextmanager
async def working(tally: Tally, worker: Container) -> AsyncIterator[list[str]]:
    """A worker that does what is sent without delay at once; gives the guards, which would come later."""
    guards: list[str] = []
    async with asyncio.TaskGroup() as tasks:

        async def take() -> None:
            while True:
                body = await tally.sent.get()
                if isinstance(parse_job(body), Guard):
                    guards.append(body)
                else:
                    tasks.create_task(worker.work(body, tally))

        taking = tasks.create_task(take())
        yield guards
        taking.cancel()


@asynccontextmanager
async def house(directory: Path) -> AsyncIterator[House]:
    """The embedded AWS with the project's stacks, the example API and its app deployed."""
    async with AsyncExitStack() as stack:
        embedded = stack.enter_context(EmbeddedAws(directory))
        plain = Aws(embedded.access)
        outputs = await deploy_stacks(plain)
        operator = Operator(plain, outputs, Clock())
        example = example_api(API_KEY, directory / "example-api.log")
        await operator.deploy_example(await stack.enter_async_context(serving(example, listen(0))), ["anthropic"])
        key = await operator.app_key(None)
        yield House(CountingAws(embedded.access), settings_for(outputs, None), key)
