"""`attache tables`: copying items of a restored table back into the one in use."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

import typer
from botocore.exceptions import ClientError

from attache.aws import Aws, Item
from attache.aws_errors import condition_failed
from attache_cli.errors import CommandError
from attache_cli.options import AsJson, Stage
from attache_cli.output import give_json, say
from attache_cli.target import Target, find_target

AT_ONCE = 32  # puts; a new table takes 4,000 a second

app = typer.Typer(no_args_is_help=True, help="Restore lost items of a table.")
Which = Literal["sessions", "registry"]


@app.callback()
def tables() -> None:
    """Commands on whole tables."""


@dataclass
class Copied:
    """How many items were copied, and how many were there already or have expired."""

    restored: int = 0
    there: int = 0
    expired: int = 0


@app.command(epilog="Example: attache tables refill sessions attache-prod-restored --stage prod")
def refill(
    which: Annotated[Which, typer.Argument(metavar="WHICH", help="The table in use: sessions or registry.")],
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The restored table's name.")],
    partition: Annotated[str | None, typer.Option(metavar="PK", help="Only items with this partition key.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask for confirmation.")] = False,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Copy back every item of SOURCE that the table in use does not have. Existing items stay as they are."""
    target = find_target(stage)
    table = _table(target, which)
    if not yes:
        typer.confirm(f"Put what {source} has into {table} of {target.title}?", abort=True, err=True)
    copied = asyncio.run(_refill(target.aws, source, table, partition))
    if as_json:
        give_json(asdict(copied))
    else:
        say(f"{copied.restored:,} items put back; {copied.there:,} were there, {copied.expired:,} have expired.")


def _table(target: Target, which: Which) -> str:
    name = target.outputs.SessionsTable if which == "sessions" else target.outputs.RegistryTable
    if not name:
        raise CommandError(f"{target.title} has no name of a {which} table among its outputs; deploy it again.")
    return name


async def _refill(aws: Aws, source: str, table: str, partition: str | None) -> Copied:
    copied = Copied()
    async for page in _pages(aws, source, partition):
        living = [item for item in page if int(item.get("expires", {}).get("N", "9" * 12)) > time.time()]
        copied.expired += len(page) - len(living)
        for start in range(0, len(living), AT_ONCE):
            put = await asyncio.gather(*(_put(aws, table, item) for item in living[start : start + AT_ONCE]))
            copied.restored += sum(put)
            copied.there += len(put) - sum(put)
    return copied


async def _pages(aws: Aws, source: str, partition: str | None) -> AsyncIterator[Sequence[Item]]:
    asked: dict[str, Any] = {"TableName": source, "ConsistentRead": True}
    if partition is not None:
        asked |= {
            "KeyConditionExpression": "#pk = :pk",
            "ExpressionAttributeNames": {"#pk": "pk"},
            "ExpressionAttributeValues": {":pk": {"S": partition}},
        }
    while True:
        page = await aws.call("dynamodb", "scan" if partition is None else "query", **asked)
        yield page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]


async def _put(aws: Aws, table: str, item: Item) -> bool:
    """Write the item if it is missing; returns whether it was."""
    try:
        await aws.call(
            "dynamodb", "put_item", TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)"
        )
    except ClientError as error:
        if not condition_failed(error):
            raise
        return False
    return True
