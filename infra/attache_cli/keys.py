"""`attache keys`: app keys, which decide who may use which app."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from attache.clock import Clock, rfc3339
from attache.keys import IssuedKey, KeyRecord
from attache_cli.durations import milliseconds
from attache_cli.options import AsJson, Stage
from attache_cli.output import day, give, give_json, give_table, say, warn
from attache_cli.target import Target, find_target

app = typer.Typer(no_args_is_help=True, help="Issue, list, rotate and revoke app keys.")
COLUMNS = ("ID", "KEY", "LABEL", "APPS", "STATUS", "CREATED", "EXPIRES", "LAST USED")
SHORT_ID = 12

Reference = Annotated[str, typer.Argument(metavar="KEY", help="The key or its id, or at least 8 characters of either.")]


@app.command(epilog="Example: attache keys create --app mycoindex --label prod --expires 90d")
def create(
    apps: Annotated[
        list[str], typer.Option("--app", metavar="APP", help="An app that the key is for; repeat it for more.")
    ],
    label: Annotated[str, typer.Option(help="A note on what the key is for.")] = "",
    expires: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="How long the key is valid, such as 90d or 12h. Without it: until it is revoked."
        ),
    ] = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Issue a key. It is shown only once: only its hash is stored."""
    lifetime = None if expires is None else milliseconds(expires)
    target = find_target(stage)
    issued, missing = asyncio.run(_create(target, apps, label, lifetime))
    _give_issued(issued, as_json)
    say(f"Keep it now; it is not shown again. It is good on {target.title} for {', '.join(issued.record.apps)}.")
    for name in missing:
        warn(f"there is no app {name} yet; deploy it with `attache apps deploy`.")


@app.command("list", epilog="Example: attache keys list --json")
def list_keys(stage: Stage = None, as_json: AsJson = False) -> None:
    """List every key, oldest first, including expired and revoked ones."""
    records = asyncio.run(find_target(stage).keys.all())
    if as_json:
        give_json([_json(record) for record in records])
    elif records:
        give_table(COLUMNS, [_row(record) for record in records])
    else:
        say("There are no keys yet: attache keys create --app APP")


@app.command(epilog="Example: attache keys revoke sk-Ab3dE6g")
def revoke(key: Reference, stage: Stage = None) -> None:
    """Revoke a key. New containers refuse it at once, warm ones within 60 seconds."""
    record = asyncio.run(find_target(stage).keys.revoke(key))
    say(f"Revoked {_name(record)}. It is refused everywhere within 60 seconds.")


@app.command(epilog="Example: attache keys rotate sk-Ab3dE6g --overlap 7d")
def rotate(
    key: Reference,
    overlap: Annotated[str, typer.Option(metavar="TIME", help="How long the old key still works.")] = "24h",
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Issue a key like an old one, which stops working after the overlap."""
    issued, old = asyncio.run(find_target(stage).keys.rotate(key, milliseconds(overlap)))
    _give_issued(issued, as_json)
    say(f"Keep it now; it is not shown again. {_name(old)} works until {day(old.expires, '')} UTC.")


async def _create(target: Target, apps: Sequence[str], label: str, lifetime: int | None) -> tuple[IssuedKey, list[str]]:
    """The new key, and those of its apps that are not deployed."""
    issued = await target.keys.create(apps, label, lifetime)
    return issued, [name for name in issued.record.apps if await target.releases.current(name) is None]


def _give_issued(issued: IssuedKey, as_json: bool) -> None:
    if as_json:
        give_json({"key": issued.key, **_json(issued.record)})
    else:
        give(issued.key)


def _name(record: KeyRecord) -> str:
    return f"{record.prefix}… ({record.label})" if record.label else f"{record.prefix}…"


def _row(record: KeyRecord) -> list[str]:
    return [
        record.id[:SHORT_ID],
        f"{record.prefix}…",
        record.label or "-",
        ", ".join(record.apps),
        record.status(Clock().now()),
        day(record.created, "-"),
        day(record.expires, "never"),
        day(record.last_used, "never"),
    ]


def _json(record: KeyRecord) -> dict[str, Any]:
    times = {name: getattr(record, name) for name in ("created", "expires", "last_used", "revoked")}
    said = {name: None if at is None else rfc3339(at) for name, at in times.items()}
    return {**asdict(record), **said, "status": record.status(Clock().now())}
