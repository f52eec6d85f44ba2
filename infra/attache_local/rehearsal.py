"""Running what was built: `sam deploy` to an embedded AWS, and optionally `sam local start-api` over it.

Both serve the example API and its app, as `make dev` does, with a key for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from attache.aws import Aws
from attache.clock import Clock
from attache_local.demo_model import demo_model
from attache_local.dev_file import DevFile
from attache_local.example import API_KEY, Operator
from attache_local.ports import listen_near
from attache_local.progress import Progress
from attache_local.sam_deploy import Deployed, rehearsal_aws, sam_deploy
from attache_local.sam_local import sam_local
from attache_local.serving import serving
from attache_local.state_lock import held
from example_api.server import example_api

PROVIDERS = ("ANTHROPIC", "OPENAI", "OPENROUTER")


@asynccontextmanager
async def rehearsal(
    way: str, port: int, directory: Path, environ: Mapping[str, str], progress: Progress
) -> AsyncIterator[tuple[str, str]]:
    """The API's address and an app key, while the block runs; `way` is `deploy` or `sam-local`.

    Raises LocalStackError.
    """
    async with AsyncExitStack() as running:
        running.enter_context(held(directory / "lock"))
        example = example_api(API_KEY, directory / "example-api.log")
        example_url = await running.enter_async_context(serving(example, listen_near(port + 1)))
        variables = {"ATTACHE_LOOPBACK_TOOLS": "on", **_providers(environ)}
        if not _providers(environ):
            demo = await running.enter_async_context(serving(demo_model(), listen_near(port + 2)))
            variables["ATTACHE_DEMO_MODEL_URL"] = f"{demo}/v1"
        embedded = rehearsal_aws(directory / "aws")
        embedded.start()
        running.callback(embedded.stop)
        progress.step("embedded AWS; deploying, which takes a minute")
        deployed = await sam_deploy(embedded, directory, variables)
        progress.step("sam deploy")
        key = await _example(deployed, example_url, directory)
        url = deployed.url
        if way == "sam-local":
            url = await running.enter_async_context(sam_local(deployed, port, directory, variables))
            progress.step("sam local start-api")
        yield url, key


async def _example(deployed: Deployed, example_url: str, directory: Path) -> str:
    operator, file = Operator(Aws(deployed.access), deployed.outputs, Clock()), DevFile(directory)
    await operator.deploy_example(example_url, frozenset())
    key = await operator.app_key(file.remembered())
    file.remember(key)
    return key


def _providers(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if value and name.startswith(PROVIDERS) and name.endswith(("_API_KEY", "_API_BASE"))
    }
