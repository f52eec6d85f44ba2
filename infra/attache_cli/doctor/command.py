"""`attache doctor`: run every check and print the results."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from attache.errors import AttacheError
from attache_cli.doctor.api import api, chat, updates
from attache_cli.doctor.apps import apps
from attache_cli.doctor.documents import documents, search
from attache_cli.doctor.finding import Check, Examined, Finding, wrong
from attache_cli.doctor.providers import providers
from attache_cli.doctor.queues import queues
from attache_cli.doctor.sealing import sealing
from attache_cli.doctor.stack import alarms, functions, quotas, stack
from attache_cli.doctor.storage import bucket, tables
from attache_cli.options import AsJson, Stage
from attache_cli.output import Cell, give_json, give_table, say
from attache_cli.target import find_target

CHECKS: tuple[Check, ...] = (
    stack, functions, tables, bucket, queues, sealing, providers, apps, search, documents, api, updates, chat, quotas,
    alarms,
)  # fmt: skip
COLOURS = {"ok": "green", "note": "yellow", "wrong": "red"}


def doctor(
    stage: Stage = None,
    call: Annotated[bool, typer.Option("--call", help="Also hold a conversation, which costs a model call.")] = False,
    app: Annotated[str, typer.Option("--app", metavar="APP", help="The app to hold it with.")] = "default",
    key: Annotated[
        str | None,
        typer.Option(envvar="ATTACHE_APP_KEY", help="Its key; the local stack's own is known.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a deployment; say what is wrong and what to do. Exits with 1 if anything is wrong."""
    target = find_target(stage)
    findings = asyncio.run(examine(Examined(target, stage, call, app, key or target.app_key)))
    if as_json:
        give_json([asdict(finding) for finding in findings])
    else:
        give_table(("", "WHAT", "IS", "DO"), [_row(finding) for finding in findings])
        say(_summary(findings, target.title))
    if any(finding.level == "wrong" for finding in findings):
        raise typer.Exit(1)


async def examine(examined: Examined, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """The findings of all checks; a check that lacks permission says so itself."""
    return [finding for check in checks for finding in await _looked(check, examined)]


async def _looked(check: Check, examined: Examined) -> list[Finding]:
    of = getattr(check, "__name__", "check")
    try:
        return await check(examined)
    except ClientError as error:
        code, action = error.response["Error"].get("Code", ""), error.operation_name
        return [wrong(of, f"AWS refused {action}: {code}", f"see that it exists, and that you may {action}")]
    except (BotoCoreError, AttacheError) as error:
        return [wrong(of, str(error), "see that AWS is reached from here: AWS_PROFILE, AWS_DEFAULT_REGION")]


def _row(finding: Finding) -> tuple[Cell, ...]:
    return (Text(finding.level, style=COLOURS[finding.level]), finding.of, finding.said, finding.do)


def _summary(findings: Sequence[Finding], title: str) -> str:
    count = sum(finding.level == "wrong" for finding in findings)
    things = {0: "Nothing is", 1: "One thing is"}.get(count, f"{count} things are")
    return f"{things} wrong with {title}."
