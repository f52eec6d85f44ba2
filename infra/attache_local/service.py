"""All functions in one process: the same routes and queue handlers that Lambda runs, over one wired service."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType

from fastapi import FastAPI

from attache.aws import Aws
from attache.errors import AttacheError
from attache.settings import PREFIX, Settings, SettingsWrong
from attache.telemetry.log_meter import LogMeter
from attache.wire.health import health_routes
from attache.wire.web_app import web_app
from attache.wiring import wire
from attache_local.errors import LocalStackError
from attache_local.queue_pollers import Handler
from functions.chat.routes import routes as chat_routes
from functions.control.routes import routes as control_routes
from functions.documents.jobs import do_document_job
from functions.interrupt.routes import routes as interrupt_routes
from functions.sessions.routes import routes as sessions_routes
from functions.state.routes import routes as state_routes
from functions.tools.jobs import do_tool_job
from functions.turns.jobs import do_job
from functions.updates.routes import routes as updates_routes

ROUTES = (chat_routes, state_routes, sessions_routes, control_routes, interrupt_routes, updates_routes)
OUTPUTS = {
    "sessions_table": "SessionsTable",
    "registry_table": "RegistryTable",
    "data_bucket": "DataBucket",
    "secrets_key": "SecretsKey",
    "turns_queue_url": "TurnsQueueUrl",
    "tool_calls_queue_url": "ToolCallsQueueUrl",
    "documents_bucket": "DocumentsBucket",
    "documents_queue_url": "DocumentsQueueUrl",
}
CHOSEN = ("ATTACHE_WALLET_PROOF", "ATTACHE_WALLET_DOMAINS", "ATTACHE_WALLET_TOKEN_HOURS")
log = logging.getLogger(__name__)
NOTHING: Mapping[str, str] = MappingProxyType({})
GRACE_SECONDS = 2


def settings_for(
    outputs: Mapping[str, str], demo_url: str | None, environ: Mapping[str, str] = NOTHING, index: Path | None = None
) -> Settings:
    """The functions' settings, by the outputs of the stacks. `demo_url`: the demo model's address, if it is served.

    Those in `CHOSEN` can be set in `environ`. Raises LocalStackError for invalid values.
    """
    made = {PREFIX + name.upper(): outputs[output] for name, output in OUTPUTS.items() if output in outputs}
    if index is not None:
        made |= {"ATTACHE_SEARCH_BACKEND": "embedded", "ATTACHE_SEARCH_ENDPOINT": str(index)}
    local = {"ATTACHE_LOOPBACK_TOOLS": "on", "ATTACHE_DEMO_MODEL_URL": f"{demo_url}/v1" if demo_url else ""}
    chosen = {name: environ[name] for name in CHOSEN if name in environ}
    try:
        return Settings.read({**made, **local, **chosen})
    except SettingsWrong as error:
        raise LocalStackError(str(error)) from error


class Service:
    """All functions. `environ` has the model providers' own variables."""

    def __init__(self, settings: Settings, aws: Aws, environ: Mapping[str, str]) -> None:
        self._services = wire(settings, aws, environ, meter=LogMeter())
        self._settings = settings
        self._renewing: asyncio.Task[None] | None = None

    @property
    def app(self) -> FastAPI:
        """Every HTTP function's routes as one application."""
        routers = [routes(self._services) for routes in ROUTES]
        return web_app([*routers, health_routes()], self._services.keys.settle)

    @property
    def queues(self) -> Mapping[str, Handler]:
        """Each queue's handler, by the queue's URL."""
        return {
            self._settings.turns_queue_url: partial(do_job, self._services),
            self._settings.tool_calls_queue_url: partial(do_tool_job, self._services),
            self._settings.documents_queue_url: partial(do_document_job, self._services),
        }

    async def apps(self) -> list[str]:
        return [name for name, _ in await self._services.apps.names()]

    def warm(self) -> None:
        """Start importing what the first chat needs, and reading documents again if another model embeds them now."""
        self._services.models.warm()
        self._renewing = asyncio.create_task(self._renew_documents())

    async def _renew_documents(self) -> None:
        try:
            for app in await self.apps():
                await self._services.ingest.renew(app)
        except AttacheError as error:
            log.warning("documents were not read again: %s", error.message)

    async def close(self) -> None:
        """Give running turns a moment to end; the others continue when the stack is started again."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await self._services.aclose()
