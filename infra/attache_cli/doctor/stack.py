"""A deployed stage as CloudFormation, Lambda and CloudWatch see it. The local stack has none of this."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from attache_cli.doctor.finding import Examined, Finding, note, ok, wrong
from attache_cli.doctor.versions import LIVE, configurations, version_faults

ADAPTER = "LambdaAdapterLayer"
LEAST_ADAPTER = 30  # 29 was withdrawn
FEW = 1_000  # concurrent executions of an account, which new ones don't have
QUOTA = 'ask for more: Service Quotas, AWS Lambda, "Concurrent executions"; infra/SCALING.md says how many'
EVENTS = "see the stack's events: `sam list stack-outputs` and the CloudFormation console"


async def stack(examined: Examined) -> list[Finding]:
    if examined.stage is None:
        return []
    answer = await examined.target.aws.call("cloudformation", "describe_stacks", StackName=_name(examined))
    status = answer["Stacks"][0]["StackStatus"]
    return [_stack(_name(examined), status)]


def _stack(name: str, status: str) -> Finding:
    if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"):
        return ok("stack", f"{name} is {status}")
    if status.endswith("_IN_PROGRESS"):
        return note("stack", f"{name} is {status}", "wait until it is deployed, and look again")
    if status == "UPDATE_ROLLBACK_COMPLETE":
        return note("stack", f"the last deploy of {name} was rolled back", EVENTS)
    return wrong("stack", f"{name} is {status}", EVENTS)


async def functions(examined: Examined) -> list[Finding]:
    """Check every function of the stack."""
    if examined.stage is None:
        return []
    found = [finding for name in await _functions(examined) for finding in await _function(examined, name)]
    return found or [wrong("functions", "the stack has none", "deploy again: `sam deploy`")]


async def _functions(examined: Examined) -> list[str]:
    names, more = list[str](), dict[str, str]()
    while True:
        page = await examined.target.aws.call(
            "cloudformation", "list_stack_resources", StackName=_name(examined), **more
        )
        resources = page["StackResourceSummaries"]
        names += [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == "AWS::Lambda::Function"]
        if "NextToken" not in page:
            return names
        more = {"NextToken": page["NextToken"]}


async def _function(examined: Examined, name: str) -> list[Finding]:
    call = partial(examined.target.aws.call, "lambda")
    deployed, runs = await configurations(examined, name)
    reserved = await call("get_function_concurrency", FunctionName=name)
    feeding = await call("list_event_source_mappings", FunctionName=f"{name}:{LIVE}")
    faults = [*function_faults(deployed), *stops(name, reserved, feeding["EventSourceMappings"])]
    faults += version_faults(deployed, runs)
    return faults or [ok(name, f"ready, {deployed['MemorySize']} MB")]


def stops(name: str, reserved: Mapping[str, Any], feeding: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Find what somebody stopped by hand: functions that may not run, or whose event source is off."""
    if reserved.get("ReservedConcurrentExecutions") == 0:
        do = f"aws lambda delete-function-concurrency --function-name {name}"
        yield wrong(name, "may not run: none of the account's concurrency is left to it", do)
    for each in feeding:
        if each.get("State") in ("Disabled", "Disabling"):
            do = f"aws lambda update-event-source-mapping --uuid {each['UUID']} --enabled"
            yield wrong(name, "gets nothing from its queue: the event source mapping is off", do)


def function_faults(configured: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with a function, by Lambda's description of it."""
    name, variables = configured["FunctionName"], configured.get("Environment", {}).get("Variables", {})
    if configured.get("State", "Active") not in ("Active", "Inactive"):
        yield wrong(
            name, f"is {configured['State']}: {configured.get('StateReason', '')}", "deploy again: `sam deploy`"
        )
    if configured.get("LastUpdateStatus") == "Failed":
        yield wrong(name, f"its update failed: {configured.get('LastUpdateStatusReason', '')}", "deploy again")
    if "AWS_LAMBDA_EXEC_WRAPPER" in variables:
        yield from _adapter(name, [layer["Arn"] for layer in configured.get("Layers", [])])
    kept = sorted(variable for variable in variables if variable.endswith("_API_KEY"))
    if kept:
        do = "attache providers set PROVIDER, and deploy without them"
        yield note(name, f"has {', '.join(kept)} in its environment, for all who may look at it", do)


def _adapter(name: str, layers: list[str]) -> Iterator[Finding]:
    versions = [int(layer.rpartition(":")[2]) for layer in layers if ADAPTER in layer]
    if not versions:
        yield wrong(
            name, "lacks the Lambda Web Adapter, and cannot start", "see its Layers in template.yaml, and deploy"
        )
    elif versions[0] < LEAST_ADAPTER:
        yield wrong(
            name, f"has version {versions[0]} of the Lambda Web Adapter", f"use {LEAST_ADAPTER} in template.yaml"
        )


async def quotas(examined: Examined) -> list[Finding]:
    """Check how many functions the account may run at once."""
    if examined.stage is None:
        return []
    limits = (await examined.target.aws.call("lambda", "get_account_settings"))["AccountLimit"]
    most, free = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    said = f"{most:,} functions at once, {free:,} of them not reserved"
    if most < FEW:
        return [note("quotas", f"{said}: an open conversation takes one while it streams", QUOTA)]
    return [ok("quotas", said)]


async def alarms(examined: Examined) -> list[Finding]:
    """Find alarms of the stage that are on."""
    if examined.stage is None:
        return []
    page = await examined.target.aws.call(
        "cloudwatch", "describe_alarms", AlarmNamePrefix=f"{_name(examined)}-", StateValue="ALARM"
    )
    on = page["MetricAlarms"]
    if not on:
        return [ok("alarms", "none is on")]
    return [
        wrong("alarm", f"{each['AlarmName']} is on", f"{each.get('AlarmDescription', 'infra/RUNBOOK.md')}")
        for each in on
    ]


def _name(examined: Examined) -> str:
    return f"attache-{examined.stage}"
