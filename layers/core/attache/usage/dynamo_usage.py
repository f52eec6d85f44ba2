"""Usage rows in the registry table, spread over shards so that no partition of a busy app is hot."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from attache.aws import Aws, Item
from attache.aws_errors import unavailable
from attache.clock import rfc3339
from attache.usage.usage import UsageRow

SHARDS = 10
KEPT_DAYS = 400


class DynamoUsage:
    """`USAGE#<app>#<yyyy-mm-dd>#<shard>` / `<time>#<random>`: an item and write unit a row; gone after 400 days."""

    def __init__(self, aws: Aws, table: str) -> None:
        self._aws = aws
        self._table = table

    async def record(self, row: UsageRow) -> None:
        """See `Usage`."""
        with unavailable("The record of usage"):
            await self._aws.call("dynamodb", "put_item", TableName=self._table, Item=_item(row))

    async def of_day(self, app: str, day: date) -> Sequence[UsageRow]:
        """See `Usage`; a query for each shard."""
        with unavailable("The record of usage"):
            shards = await asyncio.gather(
                *(self._aws.partition(self._table, _partition(app, day, shard)) for shard in range(SHARDS))
            )
        return sorted((_row(item) for shard in shards for item in shard), key=lambda row: row.at)


def _partition(app: str, day: date, shard: int) -> str:
    return f"USAGE#{app}#{day.isoformat()}#{shard}"


def _item(row: UsageRow) -> Item:
    day = datetime.fromtimestamp(row.at / 1000, UTC).date()
    known = {
        "key_id": row.key_id and {"S": row.key_id},
        "input_tokens": _number(row.input_tokens),
        "output_tokens": _number(row.output_tokens),
        "cost": _number(row.cost),
        "partial": row.partial and {"BOOL": True},
        "own_key": row.own_key and {"BOOL": True},
    }
    return {
        "pk": {"S": _partition(row.app, day, secrets.randbelow(SHARDS))},
        "sk": {"S": f"{rfc3339(row.at)}#{secrets.token_hex(4)}"},
        "expires": {"N": str(row.at // 1000 + KEPT_DAYS * 86_400)},
        "app": {"S": row.app},
        "session_id": {"S": row.session_id},
        "model": {"S": row.model},
        "at": {"N": str(row.at)},
        **{name: value for name, value in known.items() if value},
    }


def _number(value: float | None) -> dict[str, str] | None:
    return None if value is None else {"N": repr(value)}


def _row(item: Item) -> UsageRow:
    return UsageRow(
        app=item["app"]["S"],
        session_id=item["session_id"]["S"],
        model=item["model"]["S"],
        at=int(item["at"]["N"]),
        key_id=item.get("key_id", {}).get("S"),
        input_tokens=_whole(item.get("input_tokens")),
        output_tokens=_whole(item.get("output_tokens")),
        cost=float(item["cost"]["N"]) if "cost" in item else None,
        partial=item.get("partial", {}).get("BOOL", False),
        own_key=item.get("own_key", {}).get("BOOL", False),
    )


def _whole(value: Mapping[str, Any] | None) -> int | None:
    return int(value["N"]) if value else None
