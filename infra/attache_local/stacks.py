"""Creating tables, queues and buckets from the project's own templates, by the embedded AWS's CloudFormation."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from attache.aws import Aws
from attache_local.errors import LocalStackError

INFRA = Path(__file__).resolve().parents[1]
TEMPLATES = (INFRA / "data.yaml", INFRA / "queues.yaml", INFRA / "documents.yaml")
PREFIX = "attache-local"
PATIENCE_SECONDS = 60
STEP_SECONDS = 0.1


async def deploy_stacks(aws: Aws) -> dict[str, str]:
    """Create or update one stack per template; returns the outputs of all. Raises LocalStackError."""
    outputs: dict[str, str] = {}
    for template in TEMPLATES:
        outputs |= await _deploy(aws, f"{PREFIX}-{template.stem}", template.read_text())
    return outputs


async def _deploy(aws: Aws, name: str, body: str) -> dict[str, str]:
    stack = await _stack(aws, name)
    if stack is None:
        await _change(aws, "create_stack", name, body)
    elif await _deployed(aws, name) != body:
        await _change(aws, "update_stack", name, body)
    return await _outputs(aws, name)


async def _change(aws: Aws, operation: str, name: str, body: str) -> None:
    await aws.call(
        "cloudformation", operation, StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"]
    )


async def _deployed(aws: Aws, name: str) -> str:
    answer = await aws.call("cloudformation", "get_template", StackName=name)
    return str(answer["TemplateBody"])


async def _outputs(aws: Aws, name: str) -> dict[str, str]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        stack = await _stack(aws, name)
        while stack and stack["StackStatus"].endswith("_IN_PROGRESS"):
            await asyncio.sleep(STEP_SECONDS)
            stack = await _stack(aws, name)
    if stack and stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    found = f"the stack {name} is {stack['StackStatus'] if stack else 'gone'}"
    raise LocalStackError(f"{found}: remove the folder .attache to begin anew. {await _why(aws, name)}")


async def _stack(aws: Aws, name: str) -> Mapping[str, Any] | None:
    try:
        answer = await aws.call("cloudformation", "describe_stacks", StackName=name)
    except ClientError as error:
        if (
            error.response["Error"]["Code"] == "ValidationError"
        ):  # what CloudFormation says of a stack that is not there
            return None
        raise
    found: Mapping[str, Any] = answer["Stacks"][0]
    return found


async def _why(aws: Aws, name: str) -> str:
    events = (await aws.call("cloudformation", "describe_stack_events", StackName=name))["StackEvents"]
    reasons = [
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in events
        if "FAILED" in event.get("ResourceStatus", "") and event.get("ResourceStatusReason")
    ]
    return "; ".join(reasons)
