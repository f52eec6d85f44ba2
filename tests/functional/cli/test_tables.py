"""`attache tables refill`: a session that was lost, and one that went on since."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from attache.aws import Item
from tests.functional.cli.conftest import Attache, Stack

pytestmark = pytest.mark.aws
SOURCE = "restored"
KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
NAMED = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
LATER = int(time.time()) + 3_600


def item(pk: str, sk: str, text: str, **more: Any) -> Item:
    return {"pk": {"S": pk}, "sk": {"S": sk}, "text": {"S": text}, **more}


OLD = [
    *(item("SESSION#lost", f"LOG#{number:012}", "old " + "x" * 20_000) for number in range(70)),  # more than a page
    item("SESSION#goes-on", "LOG#000000000001", "old"),
    item("SESSION#goes-on", "LOG#000000000002", "old", expires={"N": str(LATER)}),
    item("SESSION#goes-on", "LOG#000000000003", "old", expires={"N": "1700000000"}),
]


@pytest.fixture
def restored(stack: Stack) -> Iterator[None]:
    """A table as point-in-time recovery makes it, beside the one in use, in which a session went on."""
    asyncio.run(_restored(stack))
    yield
    asyncio.run(_gone(stack))


async def _restored(stack: Stack) -> None:
    call, live = stack.aws.call, stack.outputs["SessionsTable"]
    await call(
        "dynamodb", "create_table", TableName=SOURCE, KeySchema=KEYS, AttributeDefinitions=NAMED,
        BillingMode="PAY_PER_REQUEST",
    )  # fmt: skip
    for each in OLD:
        await call("dynamodb", "put_item", TableName=SOURCE, Item=each)
    await call("dynamodb", "put_item", TableName=live, Item=item("SESSION#goes-on", "LOG#000000000001", "new"))


async def _gone(stack: Stack) -> None:
    await stack.aws.call("dynamodb", "delete_table", TableName=SOURCE)
    for each in OLD:
        key = {name: each[name] for name in ("pk", "sk")}
        await stack.aws.call("dynamodb", "delete_item", TableName=stack.outputs["SessionsTable"], Key=key)


def told(attache: Attache, *arguments: str) -> Mapping[str, int]:
    ran = attache("tables", "refill", "sessions", SOURCE, "--yes", "--json", *arguments)
    assert ran.exit_code == 0, ran.output
    copied: Mapping[str, int] = json.loads(ran.stdout)
    return copied


def text_of(stack: Stack, pk: str, number: int) -> str | None:
    key = {"pk": {"S": pk}, "sk": {"S": f"LOG#{number:012}"}}
    found = asyncio.run(stack.aws.call("dynamodb", "get_item", TableName=stack.outputs["SessionsTable"], Key=key))
    return str(found["Item"]["text"]["S"])[:3] if "Item" in found else None


def test_what_is_missing_comes_back_and_what_is_there_stays(attache: Attache, stack: Stack, restored: None) -> None:
    assert told(attache) == {"restored": 71, "there": 1, "expired": 1}
    assert text_of(stack, "SESSION#lost", 69) == "old"
    assert [text_of(stack, "SESSION#goes-on", number) for number in (1, 2, 3)] == ["new", "old", None]
    assert told(attache) == {"restored": 0, "there": 72, "expired": 1}, "again changes nothing"


def test_one_session_alone(attache: Attache, stack: Stack, restored: None) -> None:
    assert told(attache, "--partition", "SESSION#goes-on") == {"restored": 1, "there": 1, "expired": 1}
    assert text_of(stack, "SESSION#lost", 0) is None


def test_it_asks_first(attache: Attache) -> None:
    refused = attache("tables", "refill", "registry", SOURCE, stdin="n\n")
    assert refused.exit_code == 1
    assert "Put what restored has into" in refused.stderr


def test_a_table_that_is_not_there(attache: Attache) -> None:
    refused = attache("tables", "refill", "sessions", "no-such-table", "--yes")
    assert refused.exit_code == 1
    assert "AWS refused Scan" in refused.stderr
