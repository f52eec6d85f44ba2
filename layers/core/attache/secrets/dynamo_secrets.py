"""Sealed secrets in the registry table: one partition per scope, one item per secret."""

from __future__ import annotations

from typing import Any

from attache.aws import Aws, Item
from attache.aws_errors import unavailable
from attache.clock import Clock
from attache.secrets.sealer import Place, Sealed
from attache.secrets.secret_store import Kept, Note

_WHAT = "The secret store"
_NAMES = {"ExpressionAttributeNames": {"#sk": "sk"}, "ProjectionExpression": "#sk"}


class DynamoSecrets:
    """The SecretStore of AWS and the local stack."""

    def __init__(self, aws: Aws, table: str, clock: Clock) -> None:
        self._aws = aws
        self._table = table
        self._clock = clock

    async def read(self, place: Place) -> Kept | None:
        """The current secret, by a strongly consistent read."""
        answer = await self._call("get_item", Key=_key(place), ConsistentRead=True)
        return Kept(_sealed(answer["Item"]), _noted(answer["Item"])) if "Item" in answer else None

    async def write(self, place: Place, kept: Kept) -> None:
        """Store a secret, replacing an earlier one."""
        item = {**_key(place), **_parts(kept.sealed), **_note(kept.note), "updated": {"N": str(self._clock.now())}}
        await self._call("put_item", Item=item)

    async def remove(self, place: Place) -> bool:
        """Remove a secret; returns whether there was one."""
        answer = await self._call("delete_item", Key=_key(place), ReturnValues="ALL_OLD")
        return "Attributes" in answer

    async def names(self, scope: str) -> list[str]:
        """The names of the secrets in a scope, sorted; nothing is decrypted."""
        with unavailable(_WHAT):
            items = await self._aws.partition(self._table, _partition(scope), **_NAMES)
        return [item["sk"]["S"] for item in items]

    async def _call(self, operation: str, **parameters: Any) -> Any:
        with unavailable(_WHAT):
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


def _note(note: Note) -> Item:
    texts = {"prefix": note.prefix, "label": note.label}
    said: Item = {name: {"S": text} for name, text in texts.items() if text}
    return said if note.apps is None else {**said, "apps": {"L": [{"S": app} for app in note.apps]}}


def _noted(item: Item) -> Note:
    apps = tuple(app["S"] for app in item["apps"]["L"]) if "apps" in item else None
    return Note(apps, item.get("prefix", {}).get("S", ""), item.get("label", {}).get("S"))
