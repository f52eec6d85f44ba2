"""The service with its streamed functions as they were built, behind the real adapter; the rest in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from anyio.from_thread import BlockingPortal, start_blocking_portal

from attache.models.litellm_import import import_litellm
from attache_local.ports import listen
from attache_local.serving import serving
from tests.built.relay import Relay
from tests.built.stream_function import StreamFunction
from tests.built.streaming_gateway import StreamingGateway
from tests.built.template import BuiltTemplate
from tests.contract.service import Running, service_on_sockets


@dataclass(frozen=True)
class Streamed:
    """`running.url` is the gateway's; `traffic` is what chat sends to AWS.

    `portal` runs what a test wants of the functions where they live.
    """

    running: Running
    chat: StreamFunction
    updates: StreamFunction
    traffic: Relay
    portal: BlockingPortal


@contextmanager
def streamed_service(directory: Path) -> Iterator[Streamed]:
    import_litellm()
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_streamed(directory, portal)) as streamed,
    ):
        yield streamed


@asynccontextmanager
async def _streamed(directory: Path, portal: BlockingPortal) -> AsyncIterator[Streamed]:
    async with service_on_sockets(directory / "aws") as running:
        traffic = Relay(str(running.aws.access.endpoint_url))
        chat = _function("ChatFunction", running, {"AWS_ENDPOINT_URL": await traffic.start()}, directory)
        updates = _function("UpdatesFunction", running, {}, directory)
        gateway = StreamingGateway({"/api/chat": chat, "/api/updates": updates}, running.url)
        try:
            async with serving(gateway, listen(0)) as url:
                yield Streamed(replace(running, url=url), chat, updates, traffic, portal)
        finally:
            await gateway.close()
            await chat.stop()
            await updates.stop()
            traffic.stop()


def _function(name: str, running: Running, more: Mapping[str, str], directory: Path) -> StreamFunction:
    template = BuiltTemplate()
    function = template.functions()[name]
    variables = template.variables(function, template.scope(running.outputs, {}))
    (directory / name).mkdir()
    return StreamFunction(function, {**variables, **local_variables(running), **more}, directory / name)


def local_variables(running: Running) -> dict[str, str]:
    """What a function needs beside its own environment, to find AWS and a model on this machine."""
    return {
        "AWS_ENDPOINT_URL": str(running.aws.access.endpoint_url),
        "ATTACHE_DEMO_MODEL_URL": running.provider.url,
        "ATTACHE_LOOPBACK_TOOLS": "on",
        "OPENAI_API_BASE": running.provider.url,
    }
