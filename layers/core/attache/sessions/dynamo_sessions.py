"""Sessions in DynamoDB, laid out as session-log.md says ("Items")."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from attache.aws import Aws, Item
from attache.clock import Clock, rfc3339
from attache.errors import Unavailable
from attache.sessions.entries import Deleted, Entry, Sign, Text, decode, encode
from attache.sessions.head import Head, Listed
from attache.sessions.table import (
    WINDOW,
    Beside,
    HeadChange,
    Idempotency,
    KeyTaken,
    Lifetime,
    NewHead,
    OutcomeUnknown,
    Promise,
    Reading,
    Settled,
    SlotTaken,
)

IDEMPOTENCY_KEPT = 86_400  # seconds
_DIGITS = 12
_PASSING = (Text, Sign, Deleted)
_NOT_WRITTEN = ("ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded",
                "TransactionConflictException", "TransactionConflict", "TransactionInProgressException")  # fmt: skip
_PAGES = 64


def partition(session_id: str) -> str:
    return f"SESSION#{session_id}"


def slot(number: int) -> str:
    return f"LOG#{number:0{_DIGITS}d}"


class DynamoSessions:
    """`SessionTable` over one DynamoDB table; `wallet` is its index of sessions by wallet."""

    def __init__(self, aws: Aws, table: str, clock: Clock) -> None:
        self._aws = aws
        self._table = table
        self._clock = clock

    async def newest(self, session_id: str, after: int = 0, before: int | None = None, limit: int = WINDOW) -> Reading:
        high = "META#~" if before is None else slot(before - 1)
        if high < slot(after + 1):
            return Reading()
        items, complete = await self._pages(session_id, slot(after + 1), high, limit, newest_first=True)
        meta = {item["sk"]["S"]: item for item in items if item["sk"]["S"].startswith("META#")}
        entries = [self._entry(item) for item in items if item["sk"]["S"].startswith("LOG#") and self._alive(item)]
        return Reading(
            head=_head(session_id, meta["META#HEAD"]) if self._alive(meta.get("META#HEAD")) else None,
            user_state=json.loads(meta["META#USER"]["data"]["S"]) if self._alive(meta.get("META#USER")) else None,
            entries=tuple(reversed(entries)),
            complete=complete,
        )

    async def since(self, session_id: str, after: int, limit: int = WINDOW) -> Sequence[Entry]:
        items, _ = await self._pages(session_id, slot(after + 1), "LOG#~", limit, newest_first=False)
        return [self._entry(item) for item in items if self._alive(item)]

    async def put(self, session_id: str, entry: Entry, beside: Beside, lifetime: Lifetime) -> None:
        put = self._entry_put(session_id, entry, lifetime)
        if beside.nothing:
            await self._put_alone(session_id, entry, put)
        else:
            others = self._beside(session_id, entry, beside, lifetime)
            await self._put_together(session_id, entry, [{"Put": put}, *others], beside)

    async def idempotency(self, session_id: str, key: str) -> Idempotency | None:
        answer = await self._call("get_item", Key=_key(session_id, f"IDEM#{key}"), ConsistentRead=True)
        item = answer.get("Item")
        if item is None or not self._alive(item):
            return None
        return Idempotency(key, item["digest"]["S"], int(item["number"]["N"]))

    async def settle(self, session_id: str, settled: Settled) -> None:
        try:
            await self._call(
                "update_item",
                Key=_key(session_id, "META#HEAD"),
                UpdateExpression="SET #last = :last, #updated = :updated, #expires = :expires",
                ConditionExpression="#born = :born AND #last < :last",
                ExpressionAttributeNames={name: name[1:] for name in ("#last", "#updated", "#expires", "#born")},
                ExpressionAttributeValues={
                    ":last": _number(settled.last),
                    ":updated": _number(settled.updated),
                    ":expires": _number(settled.updated // 1000 + settled.lifetime.head),
                    ":born": _number(settled.born),
                },
            )
        except ClientError as error:
            if _code(error) != "ConditionalCheckFailedException":
                raise _translated(error) from error

    async def of_wallet(self, wallet: str) -> Sequence[Listed]:
        answer = await self._call(
            "query",
            IndexName="wallet",
            KeyConditionExpression="#wallet = :wallet",
            ExpressionAttributeNames={"#wallet": "wallet"},
            ExpressionAttributeValues={":wallet": {"S": wallet}},
            ScanIndexForward=False,
        )
        return [
            Listed(item["pk"]["S"].removeprefix("SESSION#"), item["title"]["S"], item["archived"]["BOOL"])
            for item in answer["Items"]
        ]

    async def purge(self, session_id: str, below: int) -> None:
        items, _ = await self._pages(session_id, slot(0), slot(below - 1), _PAGES * WINDOW, newest_first=False)
        keys = [item["sk"] for item in items]
        for start in range(0, len(keys), 25):
            await self._delete(session_id, keys[start : start + 25])
        reading = await self.newest(session_id, limit=1)
        if reading.head is not None and reading.head.born < below:
            await self._purge_meta(session_id, below)

    async def _purge_meta(self, session_id: str, below: int) -> None:
        """Head, user state and summary go together, and only while the head is still the deleted session's."""
        born = {"#born": "born"}
        condition = {"ConditionExpression": "#born < :below", "ExpressionAttributeNames": born,
                     "ExpressionAttributeValues": {":below": _number(below)}}  # fmt: skip
        head = {"TableName": self._table, "Key": _key(session_id, "META#HEAD"), **condition}
        rest = [{"TableName": self._table, "Key": _key(session_id, sk)} for sk in ("META#USER", "META#SUM")]
        try:
            await self._call("transact_write_items", TransactItems=[{"Delete": one} for one in (head, *rest)])
        except ClientError as error:
            if "ConditionalCheckFailed" not in _reasons(error):
                raise _translated(error) from error

    async def _delete(self, session_id: str, keys: Sequence[Mapping[str, str]]) -> None:
        requests = [{"DeleteRequest": {"Key": {"pk": {"S": partition(session_id)}, "sk": key}}} for key in keys]
        while requests:
            answer = await self._call("batch_write_item", RequestItems={self._table: requests})
            requests = answer.get("UnprocessedItems", {}).get(self._table, [])

    async def _put_alone(self, session_id: str, entry: Entry, put: Mapping[str, Any]) -> None:
        put = {**put, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        try:
            await self._call("put_item", **put)
        except ClientError as error:
            if _code(error) != "ConditionalCheckFailedException":
                raise _translated(error) from error
            await self._settled_by(session_id, entry, error.response.get("Item"))

    async def _put_together(
        self, session_id: str, entry: Entry, writes: Sequence[Mapping[str, Any]], beside: Beside
    ) -> None:
        try:
            await self._call("transact_write_items", TransactItems=list(writes))
        except ClientError as error:
            reasons = _reasons(error)
            if "ConditionalCheckFailed" not in reasons:
                raise _translated(error) from error
            if reasons[0] == "ConditionalCheckFailed":
                return await self._settled_by(session_id, entry, None)
            if beside.idempotency is not None and reasons[-1] == "ConditionalCheckFailed":
                raise KeyTaken("This Idempotency-Key was used before.") from error
            raise SlotTaken("The session has changed.") from error

    async def _settled_by(self, session_id: str, entry: Entry, item: Item | None) -> None:
        """What stands in the slot is ours (an earlier try did arrive), or somebody else's."""
        if item is None:
            answer = await self._call("get_item", Key=_key(session_id, slot(entry.number)), ConsistentRead=True)
            item = answer.get("Item")
        if item is None or item["nonce"]["S"] != entry.nonce:
            raise SlotTaken("The slot is taken.")

    def _entry_put(self, session_id: str, entry: Entry, lifetime: Lifetime) -> dict[str, Any]:
        kept = lifetime.passing if isinstance(entry.body, _PASSING) else lifetime.entries
        item: Item = {
            **_key(session_id, slot(entry.number)),
            "kind": {"S": entry.kind},
            "at": _number(entry.at),
            "nonce": {"S": entry.nonce},
            "data": {"S": encode(entry)},
            "expires": _number(entry.at // 1000 + kept),
        }
        return {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(#pk)",
            "ExpressionAttributeNames": {"#pk": "pk"},
        }

    def _beside(self, session_id: str, entry: Entry, beside: Beside, lifetime: Lifetime) -> Sequence[Mapping[str, Any]]:
        """The other writes of a transaction; the idempotency key comes last."""
        writes: list[Mapping[str, Any]] = []
        if beside.new_head is not None:
            writes.append({"Put": self._head_put(session_id, beside.new_head, lifetime)})
            if beside.new_head.instead_of is not None and beside.user_state is None:
                writes.append({"Delete": {"TableName": self._table, "Key": _key(session_id, "META#USER")}})
        if beside.head_change is not None:
            writes.append({"Update": self._head_update(session_id, beside.head_change)})
        if beside.user_state is not None:
            data = json.dumps(beside.user_state, ensure_ascii=False, separators=(",", ":"))
            item = {**_key(session_id, "META#USER"), "data": {"S": data},
                    "expires": _number(entry.at // 1000 + lifetime.head)}  # fmt: skip
            writes.append({"Put": {"TableName": self._table, "Item": item}})
        if beside.idempotency is not None:
            writes.append({"Put": self._idempotency_put(session_id, entry, beside.idempotency)})
        return writes

    def _head_put(self, session_id: str, new: NewHead, lifetime: Lifetime) -> dict[str, Any]:
        put: dict[str, Any] = {
            "TableName": self._table,
            "Item": _head_item(session_id, new.head, new.head.created // 1000 + lifetime.head),
            "ConditionExpression": "attribute_not_exists(#pk)",
            "ExpressionAttributeNames": {"#pk": "pk"},
        }
        if new.instead_of is not None:
            put["ConditionExpression"] += " OR #born = :born"
            put["ExpressionAttributeNames"]["#born"] = "born"
            put["ExpressionAttributeValues"] = {":born": _number(new.instead_of)}
        return put

    def _head_update(self, session_id: str, change: HeadChange) -> dict[str, Any]:
        values = {name: _value(value) for name, value in change.values.items() if value is not None}
        gone = [name for name, value in change.values.items() if value is None]
        sets = ["SET " + ", ".join(f"#{name} = :{name}" for name in values)] if values else []
        removes = ["REMOVE " + ", ".join(f"#{name}" for name in gone)] if gone else []
        return {
            "TableName": self._table,
            "Key": _key(session_id, "META#HEAD"),
            "UpdateExpression": " ".join(sets + removes),
            "ConditionExpression": "#born = :born",
            "ExpressionAttributeNames": {f"#{name}": name for name in (*change.values, "born")},
            "ExpressionAttributeValues": {
                **{f":{name}": value for name, value in values.items()},
                ":born": _number(change.born),
            },
        }

    def _idempotency_put(self, session_id: str, entry: Entry, made: Promise) -> dict[str, Any]:
        now = entry.at // 1000
        return {
            "TableName": self._table,
            "Item": {
                **_key(session_id, f"IDEM#{made.key}"),
                "digest": {"S": made.digest},
                "number": _number(entry.number),
                "expires": _number(now + IDEMPOTENCY_KEPT),
            },
            "ConditionExpression": "attribute_not_exists(#pk) OR #expires < :now OR #number < :born",
            "ExpressionAttributeNames": {"#pk": "pk", "#expires": "expires", "#number": "number"},
            "ExpressionAttributeValues": {":now": _number(now), ":born": _number(made.born)},
        }

    def _alive(self, item: Item | None) -> bool:
        """An expired item counts as absent whether or not DynamoDB has removed it."""
        return item is not None and int(item["expires"]["N"]) * 1000 > self._clock.now()

    def _entry(self, item: Item) -> Entry:
        number = int(item["sk"]["S"].removeprefix("LOG#"))
        body = decode(item["kind"]["S"], item["data"]["S"])
        return Entry(number, int(item["at"]["N"]), item["nonce"]["S"], body)

    async def _pages(
        self, session_id: str, low: str, high: str, limit: int, *, newest_first: bool
    ) -> tuple[list[Item], bool]:
        """Items with sort keys from `low` to `high`, at most `limit`, and whether these are all."""
        items: list[Item] = []
        start: Item | None = None
        values = {":pk": {"S": partition(session_id)}, ":low": {"S": low}, ":high": {"S": high}}
        while len(items) < limit:
            answer = await self._call(
                "query",
                KeyConditionExpression="#pk = :pk AND #sk BETWEEN :low AND :high",
                ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
                ExpressionAttributeValues=values,
                ConsistentRead=True,
                ScanIndexForward=not newest_first,
                Limit=limit - len(items),
                **({"ExclusiveStartKey": start} if start else {}),
            )
            items += answer["Items"]
            start = answer.get("LastEvaluatedKey")
            if start is None:
                return items, True
        return items, False

    async def _call(self, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """Every error but a failed condition leaves as Unavailable or OutcomeUnknown."""
        if operation not in ("transact_write_items", "batch_write_item"):
            parameters.setdefault("TableName", self._table)
        try:
            return await self._aws.call("dynamodb", operation, **parameters)
        except ClientError as error:
            if "ConditionalCheckFailed" in (_code(error) + "".join(_reasons(error))):
                raise
            raise _translated(error) from error
        except BotoCoreError as error:
            raise OutcomeUnknown("The session storage does not answer; try again in a moment.") from error


def _translated(error: ClientError) -> Exception:
    """A refusal under load is definite and may be tried again; a 5xx says nothing about what was done."""
    codes = {_code(error), *_reasons(error)}
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if codes & set(_NOT_WRITTEN):
        return Unavailable("The session storage is busy; try again in a moment.")
    return OutcomeUnknown("The session storage failed; try again in a moment.") if status >= 500 else error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _reasons(error: ClientError) -> list[str]:
    """Why each write of a transaction failed; empty for anything else."""
    return [str(reason.get("Code", "")) for reason in error.response.get("CancellationReasons", [])]


def _key(session_id: str, sort: str) -> Item:
    return {"pk": {"S": partition(session_id)}, "sk": {"S": sort}}


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def _value(value: str | bool | int) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case int():
            return _number(value)
    return {"S": value}


_TEXTS = ("tag", "title", "title_by", "app", "wallet", "model", "client_id")
_NUMBERS = ("born", "last", "updated")


def _head_item(session_id: str, head: Head, expires: int) -> Item:
    texts = {name: {"S": value} for name in _TEXTS if (value := getattr(head, name)) is not None}
    numbers = {name: _number(getattr(head, name)) for name in _NUMBERS}
    rest: Item = {
        "archived": {"BOOL": head.archived},
        "created": {"S": rfc3339(head.created)},
        "began": _number(head.created),
        "expires": _number(expires),
    }
    return {**_key(session_id, "META#HEAD"), **texts, **numbers, **rest}


def _head(session_id: str, item: Item) -> Head:
    texts: dict[str, Any] = {name: item[name]["S"] for name in _TEXTS if name in item}
    numbers: dict[str, Any] = {name: int(item[name]["N"]) for name in _NUMBERS}
    return Head(session_id, created=int(item["began"]["N"]), archived=item["archived"]["BOOL"], **texts, **numbers)
