"""`sam local start-api`: the functions in Docker, over what stands on the embedded AWS."""

from __future__ import annotations

import asyncio
import json
import platform
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import yaml

from attache_local.errors import LocalStackError
from attache_local.local_template import local_template
from attache_local.sam_deploy import BUILT, SAM, STAGE, Deployed, sam_environment

START_SECONDS = 120
STOP_SECONDS = 20
STEP_SECONDS = 0.2
PYTHON = "3.13"
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
OUTPUTS = {
    "ATTACHE_SESSIONS_TABLE": "SessionsTable",
    "ATTACHE_REGISTRY_TABLE": "RegistryTable",
    "ATTACHE_DATA_BUCKET": "DataBucket",
    "ATTACHE_SECRETS_KEY": "SecretsKey",
    "ATTACHE_TURNS_QUEUE_URL": "TurnsQueueUrl",
    "ATTACHE_TOOL_CALLS_QUEUE_URL": "ToolCallsQueueUrl",
}


@asynccontextmanager
async def sam_local(deployed: Deployed, port: int, directory: Path, variables: Mapping[str, str]) -> AsyncIterator[str]:
    """The API's address, while the block runs. Raises LocalStackError, also where there is no Docker."""
    await _docker()
    template = directory / "sam-local.json"
    template.write_text(json.dumps(_template(deployed, variables)))
    log = directory / "sam-local.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(SAM, "local", "start-api", "--template-file", template, "--host", "127.0.0.1", "--port", str(port)),
            *("--docker-network", "host", "--warm-containers", "LAZY", *await _pulling()),
            cwd=directory,
            env={**sam_environment(deployed.access), "DOCKER_BUILDKIT": "0"},
            stdout=output,
            stderr=output,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        await _answers(url, process, log)
        yield url
    finally:
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()


def _template(deployed: Deployed, variables: Mapping[str, str]) -> object:
    """Names instead of references: nothing is deployed where this template is read."""
    built = yaml.safe_load((BUILT / "template.yaml").read_text())
    access = deployed.access
    named = {variable: deployed.outputs[output] for variable, output in OUTPUTS.items()}
    reached = {"AWS_ENDPOINT_URL": str(access.endpoint_url), "ATTACHE_STAGE": STAGE}
    template = local_template(built, BUILT, {**variables, **named, **reached})
    template["Globals"]["Function"]["Architectures"] = [_architecture()]
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["CompatibleArchitectures"] = [_architecture()]
    return template


def _architecture() -> str:
    return ARCHITECTURES[platform.machine().lower()]


async def _docker() -> None:
    if shutil.which("docker") is None:
        raise LocalStackError("`sam local` runs functions in Docker, and there is no docker command: install Docker")
    if await _quietly("docker", "info"):
        raise LocalStackError("`sam local` runs functions in Docker, and no Docker engine answers: start it")


async def _pulling() -> list[str]:
    """An image that is here already is taken as it is: there may be nowhere to pull one from."""
    image = f"public.ecr.aws/lambda/python:{PYTHON}-{_architecture()}"
    return [] if await _quietly("docker", "image", "inspect", image) else ["--skip-pull-image"]


async def _quietly(*command: str) -> int:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


async def _answers(url: str, process: asyncio.subprocess.Process, log: Path) -> None:
    try:
        async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(trust_env=False) as client:
            while process.returncode is None:
                try:
                    await client.get(f"{url}/health", timeout=START_SECONDS)
                except httpx.TransportError:
                    await asyncio.sleep(STEP_SECONDS)
                else:
                    return
    except TimeoutError:
        pass
    raise LocalStackError(f"`sam local start-api` does not answer; {log} says why")
