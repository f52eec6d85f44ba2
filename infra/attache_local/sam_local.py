"""`sam local start-api`: the functions in Docker, with the resources of the embedded AWS."""

from __future__ import annotations

import asyncio
import json
import platform
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx
import yaml

from attache.aws import AwsAccess
from attache_local.container_bridge import reachable_from_containers
from attache_local.errors import LocalStackError
from attache_local.local_template import local_template
from attache_local.sam_deploy import BUILT, SAM, STAGE, Deployed, sam_environment

START_SECONDS = 120
STOP_SECONDS = 20
STEP_SECONDS = 0.2
PYTHON = "3.13"
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
BUILDS = {"DOCKER_BUILDKIT": "0", "SAM_CLI_CONTAINER_CONNECTION_TIMEOUT": "60"}
_HERE = re.compile(r"127\.0\.0\.1:(\d+)")
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
    """The API's address, while the block runs. Raises LocalStackError, also if there is no Docker."""
    await _docker()
    needs = _needs(deployed, variables)
    ports = {int(found) for value in needs.values() for found in _HERE.findall(value)}
    async with reachable_from_containers(ports) as host:
        reached = {name: _HERE.sub(rf"{host}:\1", value) for name, value in needs.items()}
        template = directory / "sam-local.json"
        template.write_text(json.dumps(_template(reached)))
        async with _start_api(
            template, port, replace(deployed.access, endpoint_url=reached["AWS_ENDPOINT_URL"])
        ) as url:
            yield url


@asynccontextmanager
async def _start_api(template: Path, port: int, access: AwsAccess) -> AsyncIterator[str]:
    """`access` is the containers': SAM passes its own variables on to them, before those of the template."""
    log = template.with_suffix(".log")
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(SAM, "local", "start-api", "--template-file", template, "--host", "127.0.0.1", "--port", str(port)),
            *("--warm-containers", "LAZY", *await _pulling()),
            cwd=template.parent,
            env={**sam_environment(access), **BUILDS},
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


def _needs(deployed: Deployed, variables: Mapping[str, str]) -> dict[str, str]:
    named = {variable: deployed.outputs[output] for variable, output in OUTPUTS.items()}
    return {**variables, **named, "AWS_ENDPOINT_URL": str(deployed.access.endpoint_url), "ATTACHE_STAGE": STAGE}


def _template(variables: Mapping[str, str]) -> object:
    """The template with names instead of references, because nothing is deployed where it is read."""
    built = yaml.safe_load((BUILT / "template.yaml").read_text())
    template = local_template(built, BUILT, variables)
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
    """Use an image that is here already: there may be no registry to pull from."""
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
                with suppress(httpx.TransportError):
                    answer = await client.get(f"{url}/health", timeout=START_SECONDS)
                    if answer.status_code == 200:
                        return
                await asyncio.sleep(STEP_SECONDS)
    except TimeoutError:
        pass
    raise LocalStackError(f"`sam local start-api` does not answer; {log} says why")
