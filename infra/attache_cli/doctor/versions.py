"""What runs of a function: the version that its alias leads to, and whether that is what was deployed last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from attache_cli.doctor.finding import Examined, Finding, wrong

LIVE = "live"  # AutoPublishAlias of template.yaml
SAME = ("CodeSha256", "Environment", "Layers", "MemorySize", "Timeout", "Handler", "Role", "Runtime")
PUBLISH = "sam deploy --parameter-overrides ... Release=ANOTHER_WORD, which publishes every function anew"
Configuration = Mapping[str, Any]  # as Lambda describes a function


async def configurations(examined: Examined, name: str) -> tuple[Configuration, Configuration | None]:
    """A function as it was deployed last, and as it runs; None where no alias leads to a version."""
    call = partial(examined.target.aws.call, "lambda", "get_function_configuration", FunctionName=name)
    try:
        return await call(), await call(Qualifier=LIVE)
    except ClientError as error:
        if error.response["Error"].get("Code") != "ResourceNotFoundException":
            raise
        return await call(), None


def version_faults(deployed: Configuration, runs: Configuration | None) -> Iterator[Finding]:
    """Where another version runs than was deployed, and where it has no snapshot that it should have."""
    name = deployed["FunctionName"]
    if runs is None:
        yield wrong(name, f"has no alias `{LIVE}`, by which requests and messages come", "deploy again: `sam deploy`")
        return
    other = [part for part in SAME if deployed.get(part) != runs.get(part)]
    if _snapshots(deployed) != _snapshots(runs):
        other.append("SnapStart")
    if other:
        yield wrong(name, f"runs as version {runs['Version']}, and has since changed in {', '.join(other)}", PUBLISH)
    elif _snapshots(runs) == "PublishedVersions" and runs["SnapStart"].get("OptimizationStatus") != "On":
        yield wrong(name, f"has no snapshot of version {runs['Version']} to begin from", PUBLISH)


def _snapshots(configured: Configuration) -> str:
    return str(configured.get("SnapStart", {}).get("ApplyOn", "None"))
