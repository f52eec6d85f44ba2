"""Queues: reachable, and with empty dead-letter queues."""

from __future__ import annotations

import json
from collections.abc import Mapping

from attache_cli.doctor.finding import Examined, Finding, note, ok, wrong
from attache_cli.doctor.storage import DEPLOY

RUNBOOK = 'infra/RUNBOOK.md, "Redrive a dead-letter queue"'
MANY = 1_000  # messages that wait, at which somebody should look


async def queues(examined: Examined) -> list[Finding]:
    outputs = examined.target.outputs
    named = {"turns queue": outputs.TurnsQueueUrl, "tool-calls queue": outputs.ToolCallsQueueUrl}
    if outputs.DocumentsQueueUrl:
        named["documents queue"] = outputs.DocumentsQueueUrl
    return [finding for what, url in named.items() for finding in await _queue(examined, what, url)]


async def _queue(examined: Examined, what: str, url: str) -> list[Finding]:
    if not url:
        return [wrong(what, "the stack does not say its address", DEPLOY)]
    attributes = await _attributes(examined, url)
    if "RedrivePolicy" not in attributes:
        return [wrong(what, "has no dead-letter queue: what fails is tried for four days, and lost", DEPLOY)]
    dead = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"].rpartition(":")[2]
    waiting, set_aside = _count(attributes), _count(await _attributes(examined, await _url(examined, dead)))
    findings = [ok(what, f"reachable, {waiting:,} waiting")]
    if waiting > MANY:
        findings = [note(what, f"{waiting:,} messages wait", "see the worker's errors and the account's concurrency")]
    if set_aside:
        said = f"{set_aside:,} messages could not be handled, and lie in {dead}"
        return [*findings, wrong(f"{what}, dead letters", said, RUNBOOK)]
    return [*findings, ok(f"{what}, dead letters", "none")]


async def _attributes(examined: Examined, url: str) -> Mapping[str, str]:
    answer = await examined.target.aws.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])
    attributes: Mapping[str, str] = answer["Attributes"]
    return attributes


async def _url(examined: Examined, name: str) -> str:
    return str((await examined.target.aws.call("sqs", "get_queue_url", QueueName=name))["QueueUrl"])


def _count(attributes: Mapping[str, str]) -> int:
    return int(attributes.get("ApproximateNumberOfMessages", 0))
