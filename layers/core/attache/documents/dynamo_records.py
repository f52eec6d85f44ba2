"""Records of documents in the registry table: one partition an app, one item a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from attache.aws import Aws, Item
from attache.aws_errors import condition_failed, unavailable
from attache.documents.records import DocumentRecord

_WHAT = "The record of documents"
GONE_SECONDS = 86_400  # longer than any worker is at a document


class DynamoRecords:
    """`DOC#<app>` / path."""

    def __init__(self, aws: Aws, table: str) -> None:
        self._aws = aws
        self._table = table

    async def get(self, app: str, path: str) -> DocumentRecord | None:
        """See `DocumentRecords`; a strongly consistent read, since a worker decides by it what is to be removed."""
        answer = await self._call("get_item", Key=_key(app, path), ConsistentRead=True)
        return _record(answer["Item"]) if "Item" in answer else None

    async def put(self, app: str, record: DocumentRecord) -> bool:
        """See `DocumentRecords`."""
        try:
            await self._call(
                "put_item",
                Item=_key(app, record.path) | _attributes(record),
                ConditionExpression="attribute_not_exists(pk) OR #run < :run",
                ExpressionAttributeNames={"#run": "run"},
                ExpressionAttributeValues={":run": {"S": record.run}},
            )
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True

    async def all(self, app: str) -> Sequence[DocumentRecord]:
        """See `DocumentRecords`."""
        with unavailable(_WHAT):
            items = await self._aws.partition(self._table, _partition(app))
        return [record for record in map(_record, items) if record.state != "gone"]

    async def _call(self, operation: str, **parameters: Any) -> Mapping[str, Any]:
        with unavailable(_WHAT):
            return await self._aws.call("dynamodb", operation, TableName=self._table, **parameters)


def _partition(app: str) -> str:
    return f"DOC#{app}"


def _key(app: str, path: str) -> Item:
    return {"pk": {"S": _partition(app)}, "sk": {"S": path}}


def _attributes(record: DocumentRecord) -> Item:
    texts = {"space": record.space, "why": record.why}
    expires = {"expires": {"N": str(record.at // 1000 + GONE_SECONDS)}} if record.state == "gone" else {}
    return {
        "run": {"S": record.run},
        "revision": {"S": record.revision},
        "state": {"S": record.state},
        "at": {"N": str(record.at)},
        "passages": {"N": str(record.passages)},
        **expires,
        **{name: {"S": text} for name, text in texts.items() if text},
    }


def _record(item: Item) -> DocumentRecord:
    return DocumentRecord(
        path=item["sk"]["S"],
        revision=item["revision"]["S"],
        state=item["state"]["S"],
        at=int(item["at"]["N"]),
        run=item["run"]["S"],
        passages=int(item["passages"]["N"]),
        space=item.get("space", {}).get("S"),
        why=item.get("why", {}).get("S", ""),
    )
