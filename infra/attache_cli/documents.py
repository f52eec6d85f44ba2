"""`attache documents`: what apps know, and what became of each document."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from attache.documents.listing import Listed, listed
from attache.documents.s3_originals import S3Originals
from attache.errors import NotFound
from attache_cli.errors import CommandError
from attache_cli.options import AsJson, Stage
from attache_cli.output import Cell, counted, day, give_json, give_table, say
from attache_cli.target import Target, find_target

app = typer.Typer(
    no_args_is_help=True,
    help="See what became of an app's documents. `attache apps deploy` brings them; so does `aws s3 cp`.",
)
AppName = Annotated[str, typer.Argument(metavar="APP", help="The app's name.")]
STYLES = {"indexed": "green", "failed": "red", "waiting": "yellow", "going": "yellow"}


@app.command("list", epilog="Example: attache documents list mycoindex")
def list_documents(name: AppName, stage: Stage = None, as_json: AsJson = False) -> None:
    """Each document with its state: indexed, failed and why, or waiting to be read."""
    found = asyncio.run(_listed(find_target(stage), name))
    if as_json:
        give_json([asdict(each) for each in found])
    elif found:
        give_table(("DOCUMENT", "STATE", "PASSAGES", "SIZE", "READ", "NOTE"), [_row(each) for each in found])
    else:
        say(_none(name))


@app.command(epilog="Example: attache documents reindex mycoindex")
def reindex(name: AppName, stage: Stage = None) -> None:
    """Have all documents of an app read again, as after a change of the embedding model."""
    number = asyncio.run(_reindex(find_target(stage), name))
    if not number:
        say(_none(name))
        return
    are = "is" if number == 1 else "are"
    say(f"{counted(number, 'document')} {are} read again. attache documents list {name} says how far that is.")


async def _listed(target: Target, name: str) -> Sequence[Listed]:
    found = await listed(_originals(target), target.document_records, name)
    if not found:
        await _check_app(target, name)
    return found


async def _reindex(target: Target, name: str) -> int:
    originals = _originals(target)
    found = await originals.all(name)
    if not found:
        await _check_app(target, name)
    for original in found:
        await originals.touch(name, original.path)
    return len(found)


async def _check_app(target: Target, name: str) -> None:
    """Raises NotFound if no such app is deployed. Documents of a deleted one stay, and are shown."""
    if await target.releases.current(name) is None:
        raise NotFound(
            f"There is no app {name!r} on {target.title}, and no document of it. `attache apps list` shows the apps; "
            "`attache apps deploy DIR` brings one, with its documents."
        )


def _none(name: str) -> str:
    return f"{name} has no documents: name their folder in app.yaml (`documents: docs/`), and deploy it."


def _originals(target: Target) -> S3Originals:
    if target.originals is None:
        raise CommandError(f"{target.title} has no search: deploy it with the parameter SearchBackend.")
    return target.originals


def _row(each: Listed) -> Sequence[Cell]:
    size = f"{each.size:,}" if each.size is not None else ""
    return (each.path, Text(each.state, STYLES[each.state]), str(each.passages), size, day(each.at, ""), each.why)
