"""Keys in the registry table: one item per key, found by its hash, listed by the time it was created."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from attache.aws import Aws, Item
from attache.aws_errors import condition_failed, unavailable
from attache.clock import rfc3339
from attache.errors import Conflict, NotFound
from attache.keys.key import KeyRecord

_TIMES = ("expires", "last_used", "revoked")
# `expires` is the table's TTL attribute; an expired key stays listed
_STORED_AS = {"expires": "expires_at"}


class DynamoKeys:
    """The KeyStore of AWS and the local stack."""

    def __init__(self, aws: Aws, table: str) -> None:
        self._aws = aws
        self._table = table

    async def add(self, record: KeyRecord) -> None:
        """Keep a new key."""
        await self._call("put_item", **self._put(record))

    async def find(self, key_id: str) -> KeyRecord | None:
        """The key as it is now, by a strongly consistent read."""
        answer = await self._call("get_item", TableName=self._table, Key=_key(key_id), ConsistentRead=True)
        return _record(answer["Item"]) if "Item" in answer else None

    async def all(self) -> list[KeyRecord]:
        """Every key, oldest first; the index follows the table within about a second."""
        records: list[KeyRecord] = []
        start: dict[str, Any] = {}
        while True:
            page = await self._call("query", TableName=self._table, **_LISTED, **start)
            records += [_record(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return records
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    async def revoke(self, key_id: str, at: int) -> None:
        """Revoke a key; a key that was revoked before keeps its time. Raises NotFound."""
        update = self._update(key_id, "SET revoked = if_not_exists(revoked, :at)", "attribute_exists(pk)", at=at)
        if not await self._done("update_item", **update):
            raise NotFound("There is no such key.")

    async def replace(self, key_id: str, expires: int, record: KeyRecord) -> None:
        """Add `record` and let the old key end at `expires`, in one transaction. Raises Conflict."""
        condition = "attribute_exists(pk) AND attribute_not_exists(revoked)"
        update = self._update(key_id, "SET expires_at = :at", condition, at=expires)
        both = [{"Update": update}, {"Put": self._put(record)}]
        if not await self._done("transact_write_items", TransactItems=both):
            raise Conflict("The key was revoked or removed meanwhile.")

    async def used(self, key_id: str, at: int, unless_after: int) -> None:
        """Note a use, unless a newer one is noted."""
        condition = "attribute_exists(pk) AND (attribute_not_exists(last_used) OR last_used <= :before)"
        times = {"at": at, "before": unless_after}
        await self._done("update_item", **self._update(key_id, "SET last_used = :at", condition, **times))

    def _put(self, record: KeyRecord) -> dict[str, Any]:
        return {"TableName": self._table, "Item": _item(record), "ConditionExpression": "attribute_not_exists(pk)"}

    def _update(self, key_id: str, update: str, condition: str, **times: int) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "Key": _key(key_id),
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {f":{name}": {"N": str(time)} for name, time in times.items()},
        }

    async def _done(self, operation: str, **parameters: Any) -> bool:
        """Whether the condition held."""
        try:
            await self._call(operation, **parameters)
        except ClientError as error:
            if not condition_failed(error):
                raise
            return False
        return True

    async def _call(self, operation: str, **parameters: Any) -> Any:
        with unavailable("The key store"):
            return await self._aws.call("dynamodb", operation, **parameters)


_LISTED = {
    "IndexName": "listing",
    "KeyConditionExpression": "#listed = :listed",
    "ExpressionAttributeNames": {"#listed": "listed"},
    "ExpressionAttributeValues": {":listed": {"S": "KEY"}},
}


def _key(key_id: str) -> Item:
    return {"pk": {"S": f"KEY#{key_id}"}, "sk": {"S": "KEY"}}


def _item(record: KeyRecord) -> Item:
    return {
        **_key(record.id),
        "listed": {"S": "KEY"},
        "name": {"S": f"{rfc3339(record.created)} {record.id}"},
        "apps": {"L": [{"S": app} for app in record.apps]},
        "label": {"S": record.label},
        "prefix": {"S": record.prefix},
        "created": {"N": str(record.created)},
        **{
            _STORED_AS.get(name, name): {"N": str(time)}
            for name in _TIMES
            if (time := getattr(record, name)) is not None
        },
    }


def _record(item: Item) -> KeyRecord:
    return KeyRecord(
        id=item["pk"]["S"].removeprefix("KEY#"),
        apps=tuple(app["S"] for app in item["apps"]["L"]),
        label=item["label"]["S"],
        prefix=item["prefix"]["S"],
        created=int(item["created"]["N"]),
        expires=_time(item, "expires_at"),
        last_used=_time(item, "last_used"),
        revoked=_time(item, "revoked"),
    )


def _time(item: Item, name: str) -> int | None:
    return int(item[name]["N"]) if name in item else None
