"""Nonces and wallet tokens in the registry table: one item each, which DynamoDB removes when it expires."""

from __future__ import annotations

from typing import Any, Literal

from botocore.exceptions import ClientError

from attache.aws import Aws, Item
from attache.aws_errors import condition_failed, unavailable
from attache.wallets.proof_store import Granted, Issued

Kind = Literal["nonce", "token"]


class DynamoProofs:
    """The ProofStore of AWS and the local stack."""

    def __init__(self, aws: Aws, table: str) -> None:
        self._aws = aws
        self._table = table

    async def issue(self, issued: Issued) -> None:
        item = _item(_key("nonce", issued.nonce), issued.wallet, issued.expires)
        await self._call("put_item", Item={**item, "digest": {"S": issued.digest}})

    async def issued(self, nonce: str) -> Issued | None:
        item = await self._item("nonce", nonce)
        return Issued(nonce, item["wallet"]["S"], item["digest"]["S"], int(item["until"]["N"])) if item else None

    async def spend(self, nonce: str) -> bool:
        try:
            await self._call("delete_item", Key=_key("nonce", nonce), ConditionExpression="attribute_exists(pk)")
        except ClientError as error:
            if not condition_failed(error):
                raise
            return False
        return True

    async def grant(self, granted: Granted) -> None:
        await self._call("put_item", Item=_item(_key("token", granted.digest), granted.wallet, granted.expires))

    async def granted(self, digest: str) -> Granted | None:
        item = await self._item("token", digest)
        return Granted(digest, item["wallet"]["S"], int(item["until"]["N"])) if item else None

    async def _item(self, kind: Kind, name: str) -> Item | None:
        answer = await self._call("get_item", Key=_key(kind, name), ConsistentRead=True)
        found: Item | None = answer.get("Item")
        return found

    async def _call(self, operation: str, **parameters: Any) -> Any:
        with unavailable("The wallet store"):
            return await self._aws.call("dynamodb", operation, TableName=self._table, **parameters)


def _key(kind: Kind, name: str) -> Item:
    return {"pk": {"S": f"PROOF#{kind}#{name}"}, "sk": {"S": "PROOF"}}


def _item(key: Item, wallet: str, until: int) -> Item:
    """`expires` is the table's TTL attribute, in seconds."""
    times = {"until": {"N": str(until)}, "expires": {"N": str(until // 1000 + 1)}}
    return {**key, "wallet": {"S": wallet}, **times}
