"""Starting and stopping the local stack: everything that is started here is stopped here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from attache.aws import Aws
from attache.clock import Clock
from attache.models.access import ProviderAccess
from attache.models.catalogue import Catalogue
from attache.models.ssm_provider_keys import SsmProviderKeys
from attache.settings import LOCAL_STAGE
from attache_local.demo_model import demo_model
from attache_local.dev_file import DevFile
from attache_local.embedded_aws import EmbeddedAws
from attache_local.errors import LocalStackError
from attache_local.example import API_KEY, Operator
from attache_local.ports import listen, listen_near
from attache_local.progress import Progress
from attache_local.queue_pollers import polling
from attache_local.service import Service, settings_for
from attache_local.serving import AccessLog, serving
from attache_local.stacks import deploy_stacks
from attache_local.state_lock import held
from example_api.server import example_api

WATCH_SECONDS = 1.0
ENDED = "start again, and the stack goes on from its last clean stop"


@dataclass(frozen=True)
class Ready:
    """A running stack. `providers`: those that have keys; if there are none, the demo model answers."""

    url: str
    app_key: str
    apps: list[str]
    example_api: str
    providers: list[str]
    aws: EmbeddedAws

    async def run(self) -> None:
        """Wait for as long as the stack can run. Raises LocalStackError when its embedded AWS has ended."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if self.aws.ended():
                raise LocalStackError(f"the embedded AWS has ended: {ENDED}")


@asynccontextmanager
async def local_stack(
    port: int, directory: Path, environ: Mapping[str, str], progress: Progress
) -> AsyncIterator[Ready]:
    """Run the stack while the block runs; its state is in `directory`. Raises LocalStackError."""
    async with AsyncExitStack() as running:
        listening = running.enter_context(listen(port))
        running.enter_context(held(directory / "lock"))
        embedded = _embedded_aws(running, directory / "aws", progress)
        aws = Aws(embedded.access)
        outputs = await deploy_stacks(aws)
        progress.step("embedded AWS, its tables, queues and bucket")
        operator = Operator(aws, outputs, Clock())

        example = example_api(API_KEY, directory / "example-api.log")
        example_url = await running.enter_async_context(serving(example, listen_near(port + 1)))
        providers = await _providers(aws, environ)
        await operator.deploy_example(example_url, providers)
        progress.step("example API and its app")

        demo = None if providers else await running.enter_async_context(serving(demo_model(), listen_near(port + 2)))
        service = Service(settings_for(outputs, demo, environ, directory / "search.sqlite"), aws, environ)
        running.push_async_callback(service.close)
        for queue_url, handle in service.queues.items():
            await running.enter_async_context(polling(aws, queue_url, handle))
        url = await running.enter_async_context(serving(AccessLog(service.app), listening))
        progress.step("functions and queue handlers")

        file = DevFile(directory)
        key = await operator.app_key(file.remembered())
        file.remember(key)
        ready = Ready(url, key, await service.apps(), example_url, sorted(providers), embedded)
        file.write(_for_scripts(ready, outputs))
        running.callback(file.remove)
        running.callback(_stopping, progress)
        service.warm()
        yield ready


async def _providers(aws: Aws, environ: Mapping[str, str]) -> frozenset[str]:
    """Providers with a key in the environment, or set by `attache providers set`."""
    known = Catalogue.read().providers
    return await SsmProviderKeys(aws, LOCAL_STAGE).present(known) | (
        ProviderAccess.from_environ(environ).keys.keys() & set(known)
    )


def _embedded_aws(running: AsyncExitStack, directory: Path, progress: Progress) -> EmbeddedAws:
    embedded = EmbeddedAws(directory)
    if note := embedded.start():
        progress.note(note)
    running.callback(embedded.stop)
    return embedded


def _stopping(progress: Progress) -> None:
    progress.note("stopping")
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # a stream that is cut now is no error


def _for_scripts(ready: Ready, outputs: Mapping[str, str]) -> dict[str, object]:
    stack = {name: getattr(ready, name) for name in ("url", "app_key", "apps", "example_api")}
    reached = {name: value for name, value in asdict(ready.aws.access).items() if value is not None}
    return {**stack, "aws": reached, "outputs": {**outputs, "SearchBackend": "embedded"}}
