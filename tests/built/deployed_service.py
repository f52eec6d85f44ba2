"""The service as `sam deploy` put it onto the embedded AWS: its API Gateway, its functions, its queues."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from anyio.from_thread import start_blocking_portal

from attache.aws import Aws
from attache_local.ports import listen
from attache_local.sam_deploy import rehearsal_aws, sam_deploy
from attache_local.serving import serving
from example_api.server import example_api
from tests.contract.service import Running, prepared, reply
from tests.contract.vendor import tells
from tests.functional.tools.wire import wire
from tests.servers.openai_server import OpenAIServer


@contextmanager
def deployed_service(directory: Path, **parameters: str) -> Iterator[Running]:
    """`parameters` are the template's; with `WalletProof=required` it is what `proving` leads to."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_deployed(directory, parameters)) as running,
    ):
        yield running


@asynccontextmanager
async def _deployed(directory: Path, parameters: Mapping[str, str]) -> AsyncIterator[Running]:
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(OpenAIServer(reply))
        vendor = await stack.enter_async_context(wire(tells))
        exchange = example_api("exchange-key", directory / "exchange.log", latency=0, settles_after=3)
        exchange_url = await stack.enter_async_context(serving(exchange, listen(0)))
        embedded = stack.enter_context(rehearsal_aws(directory / "aws"))
        variables = {
            "ATTACHE_DEMO_MODEL_URL": provider.url,
            "ATTACHE_LOOPBACK_TOOLS": "on",
            "OPENAI_API_BASE": provider.url,
        }
        deployed = await sam_deploy(embedded, directory, variables, parameters)
        aws = Aws(deployed.access)
        keys = await prepared(aws, deployed.outputs, vendor.url, exchange_url)
        proving = deployed.url if parameters.get("WalletProof") == "required" else ""
        yield Running(deployed.url, "", proving, exchange_url, keys, provider, vendor, aws, deployed.outputs)
