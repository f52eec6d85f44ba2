"""Sealed secrets in the registry table: one partition a scope, one item a secret."""

from __future__ import annotations

from typing import Any

from attache.aws import Aws, Item
from attache.aws_errors import unavailable
from attache.clock import Clock
from attache.secrets.sealer import Place, Sealed

_NAMES = {"ExpressionAttributeNames": {"#pk": "pk", "#sk": "sk"}, "ProjectionExpression": "#sk"}


class DynamoSecrets:
    """The SecretStore of AWS and the local stack."""

    def __init__(self, aws: Aws, table: str, clock: Clock) -> None:
        self._aws = aws
        self._table = table
        self._clock = clock

    async def read(self, place: Place) -> Sealed | None:
        """What is kept there now, by a strongly consistent read."""
        answer = await self._call("get_item", Key=_key(place), ConsistentRead=True)
        return _sealed(answer["Item"]) if "Item" in answer else None

    async def write(self, place: Place, sealed: Sealed) -> None:
        """Keep a value, instead of an earlier one if there is one."""
        item = {**_key(place), **_parts(sealed), "updated": {"N": str(self._clock.now())}}
        await self._call("put_item", Item=item)

    async def remove(self, place: Place) -> bool:
        """Whether there was something to remove."""
        answer = await self._call("delete_item", Key=_key(place), ReturnValues="ALL_OLD")
        return "Attributes" in answer

    async def names(self, scope: str) -> list[str]:
        """What is kept in a scope, sorted; the sealed values stay where they are."""
        names: list[str] = []
        start: dict[str, Any] = {}
        values = {":pk": {"S": _partition(scope)}}
        while True:
            page = await self._call(
                "query", KeyConditionExpression="#pk = :pk", ExpressionAttributeValues=values, **_NAMES, **start
            )
            names += [item["sk"]["S"] for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return names
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    async def _call(self, operation: str, **parameters: Any) -> Any:
        with unavailable("The secret store"):
            return await self._aws.call("dynamodb", operation, TableName=self._table, **parameters)


def _partition(scope: str) -> str:
    return f"SECRET#{scope}"


def _key(place: Place) -> Item:
    return {"pk": {"S": _partition(place.scope)}, "sk": {"S": place.name}}


def _parts(sealed: Sealed) -> Item:
    return {
        "data_key": {"B": sealed.data_key},
        "nonce": {"B": sealed.nonce},
        "ciphertext": {"B": sealed.ciphertext},
    }


def _sealed(item: Item) -> Sealed:
    return Sealed(item["data_key"]["B"], item["nonce"]["B"], item["ciphertext"]["B"])
