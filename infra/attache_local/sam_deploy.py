"""`sam deploy` to the embedded AWS: its functions run there as they were built."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from attache.aws import Aws, AwsAccess
from attache_local.embedded_aws import REGION, EmbeddedAws
from attache_local.errors import LocalStackError
from attache_local.local_template import local_template

ROOT = Path(__file__).resolve().parents[2]
SAM = ROOT / ".venv-sam" / "bin" / "sam"
MINISTACK = ROOT / ".venv-rehearsal" / "bin" / "ministack"
BUILT = ROOT / ".aws-sam" / "here" / "build"
ACCOUNT = "000000000000"  # as an access key it is the account's root
STAGE = "here"
STACK = f"attache-{STAGE}"
DEPLOY_SECONDS = 300


@dataclass(frozen=True)
class Deployed:
    """A deployment: its API's address, and the resources its functions use."""

    url: str
    access: AwsAccess
    outputs: Mapping[str, str]


def rehearsal_aws(directory: Path) -> EmbeddedAws:
    """An embedded AWS that transforms templates as CloudFormation does. It does not enforce roles."""
    return EmbeddedAws(directory, MINISTACK)


def root_access(embedded: EmbeddedAws) -> AwsAccess:
    return replace(embedded.access, access_key_id=ACCOUNT)


async def sam_deploy(
    embedded: EmbeddedAws, directory: Path, variables: Mapping[str, str], parameters: Mapping[str, str] | None = None
) -> Deployed:
    """Deploy or update with the template's `parameters`; `variables` are added to the functions'.

    Raises LocalStackError.
    """
    if not (BUILT / "template.yaml").exists():
        raise LocalStackError(f"{BUILT} is missing: `make built` builds it")
    template = directory / "template.json"
    built = yaml.safe_load((BUILT / "template.yaml").read_text())
    template.write_text(json.dumps(local_template(built, BUILT, variables)))
    access = root_access(embedded)
    await _run(template, access, {"Stage": STAGE, **(parameters or {})})
    outputs = await _outputs(access)
    return Deployed(_reached(outputs["ApiUrl"], embedded.process.endpoint), access, outputs)


async def _run(template: Path, access: AwsAccess, parameters: Mapping[str, str]) -> None:
    log = template.with_name("sam-deploy.log")
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(SAM, "deploy", "--template-file", template, "--stack-name", STACK, "--resolve-s3"),
            *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
            *("--no-confirm-changeset", "--no-fail-on-empty-changeset"),
            *("--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())),
            cwd=template.parent,  # away from samconfig.toml, which is for accounts
            env=sam_environment(access),
            stdout=output,
            stderr=output,
        )
    try:
        async with asyncio.timeout(DEPLOY_SECONDS):
            code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
    if code:
        print(log.read_text()[-3000:], file=sys.stderr)
        raise LocalStackError(f"`sam deploy` ended with {code}; {log} says why")


def sam_environment(access: AwsAccess) -> dict[str, str]:
    """The environment in which SAM's command line uses this AWS."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", "/"),
        "AWS_ENDPOINT_URL": str(access.endpoint_url),
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": str(access.access_key_id),
        "AWS_SECRET_ACCESS_KEY": str(access.secret_access_key),
        "SAM_CLI_TELEMETRY": "0",
    }


async def _outputs(access: AwsAccess) -> dict[str, str]:
    found = await Aws(access).call("cloudformation", "describe_stacks", StackName=STACK)
    return {output["OutputKey"]: output["OutputValue"] for output in found["Stacks"][0]["Outputs"]}


def _reached(api_url: str, endpoint: str) -> str:
    """Where the embedded AWS serves an API that it says is at `https://<id>.execute-api.<region>.<suffix>/<stage>`."""
    url = urlsplit(api_url)
    return f"{endpoint}/_aws/execute-api/{str(url.hostname).partition('.')[0]}{url.path}"
