"""The fake and DynamoDB, by the same tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from attache.errors import Unavailable
from attache.usage.dynamo_usage import DynamoUsage
from attache.usage.usage import Usage, UsageRow
from tests.fakes.usage import FakeUsage
from tests.functional.registry import Registry, registry_in_memory

NOON = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp() * 1000)
DAY = date(2026, 11, 21)
HOUR = 3_600_000
WHOLE = UsageRow("mycoindex", "s-1", "claude-sonnet", NOON, "key-1", 1200, 34, 0.00321, partial=False)
OWN = UsageRow("mycoindex", "s-1", "claude-sonnet", NOON, "key-1", 1200, 34, 0.00321, own_key=True)
UNKNOWN = UsageRow("mycoindex", "s-1", "claude-sonnet", NOON + 1, partial=True)
NOTHING = UsageRow("mycoindex", "s-1", "claude-sonnet", NOON + 2, "key-1", 0, 0, 0.0)


@pytest.fixture
def registry() -> Iterator[Registry]:
    with registry_in_memory() as registry:
        yield registry


@pytest.fixture(params=["fake", "dynamo"])
def usage(request: pytest.FixtureRequest, registry: Registry) -> Usage:
    return FakeUsage() if request.param == "fake" else DynamoUsage(registry.aws, registry.table)


@pytest.mark.parametrize("row", [WHOLE, OWN, UNKNOWN, NOTHING], ids=["whole", "own key", "unknown", "zero"])
async def test_a_row_comes_back_as_it_was(usage: Usage, row: UsageRow) -> None:
    await usage.record(row)
    assert list(await usage.of_day("mycoindex", DAY)) == [row]


async def test_rows_come_in_order_whatever_their_shard(usage: Usage) -> None:
    rows = [UsageRow("mycoindex", "s", "m", NOON + at) for at in range(40)]
    for row in reversed(rows):
        await usage.record(row)
    assert list(await usage.of_day("mycoindex", DAY)) == rows


async def test_two_equal_rows_are_two(usage: Usage) -> None:
    await usage.record(WHOLE)
    await usage.record(WHOLE)
    assert len(await usage.of_day("mycoindex", DAY)) == 2


async def test_apps_and_days_are_apart(usage: Usage) -> None:
    await usage.record(WHOLE)
    await usage.record(UsageRow("mycoindex-staging", "s", "m", NOON))
    await usage.record(UsageRow("mycoindex", "s", "m", NOON + 12 * HOUR))
    assert list(await usage.of_day("mycoindex", DAY)) == [WHOLE]
    assert await usage.of_day("nobody", DAY) == []


async def test_an_item_goes_after_400_days(registry: Registry) -> None:
    await DynamoUsage(registry.aws, registry.table).record(WHOLE)
    (item,) = (await registry.aws.call("dynamodb", "scan", TableName=registry.table))["Items"]
    assert int(item["expires"]["N"]) == NOON // 1000 + 400 * 86_400
    assert item["pk"]["S"].startswith("USAGE#mycoindex#2026-11-21#")


async def test_a_table_that_does_not_answer_is_unavailable(registry: Registry) -> None:
    from attache.aws import Aws, AwsAccess

    nobody = Aws(AwsAccess("http://127.0.0.1:1", "eu-central-1", "test", "test"))
    with pytest.raises(Unavailable):
        await DynamoUsage(nobody, registry.table).record(WHOLE)
