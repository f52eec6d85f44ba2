"""Sessions in DynamoDB, laid out as session-log.md describes ("Items")."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from attache.aws import Aws, Item
from attache.aws_errors import MAY_WORK_LATER, code_of
from attache.clock import Clock
from attache.errors import Unavailable
from attache.sessions.dynamo_items import (
    entry_of,
    expiries_of,
    head_of,
    key,
    listed_of,
    noted_of,
    number,
    partition,
    slot,
    summary_of,
)
from attache.sessions.dynamo_writes import SessionWrites
from attache.sessions.entries import Entry
from attache.sessions.head import Gist, Lifetime, Listed, Noted
from attache.sessions.summary import Summary
from attache.sessions.table import (
    WINDOW,
    Beside,
    Idempotency,
    KeyTaken,
    Lasting,
    OutcomeUnknown,
    Reading,
    Settled,
    SlotTaken,
)

UNPROCESSED_PAUSE = 0.2  # seconds
MOST_AT_ONCE = 100  # keys of a batch


class DynamoSessions:
    """`SessionTable` over one DynamoDB table; `wallet` is its index of sessions by wallet."""

    def __init__(self, aws: Aws, table: str, clock: Clock) -> None:
        self._aws = aws
        self._table = table
        self._clock = clock
        self._writes = SessionWrites(table, clock)

    async def newest(self, session_id: str, after: int = 0, before: int | None = None, limit: int = WINDOW) -> Reading:
        high = "META#~" if before is None else slot(before - 1)
        if high < slot(after + 1):
            return Reading()
        items, complete = await self._pages(session_id, slot(after + 1), high, limit, newest_first=True)
        meta = {item["sk"]["S"]: item for item in items if item["sk"]["S"].startswith("META#")}
        head, user_state, summary = meta.get("META#HEAD"), meta.get("META#USER"), meta.get("META#SUM")
        return Reading(
            head=head_of(session_id, head) if head else None,
            user_state=json.loads(user_state["data"]["S"]) if user_state else None,
            entries=tuple(entry_of(item) for item in reversed(items) if item["sk"]["S"].startswith("LOG#")),
            complete=complete,
            summary=summary_of(summary) if summary else None,
            expires=expiries_of(meta),
        )

    async def since(self, session_id: str, after: int, limit: int = WINDOW) -> Sequence[Entry]:
        items, _ = await self._pages(session_id, slot(after + 1), "LOG#~", limit, newest_first=False)
        return [entry_of(item) for item in items]

    async def put(self, session_id: str, entry: Entry, beside: Beside, lifetime: Lifetime) -> None:
        put = self._writes.entry(session_id, entry, lifetime)
        if beside.nothing:
            await self._put_alone(session_id, entry, put)
        else:
            others = self._writes.beside(session_id, entry, beside, lifetime)
            await self._put_together(session_id, entry, [{"Put": put}, *others], beside)

    async def idempotency(self, session_id: str, name: str) -> Idempotency | None:
        answer = await self._call("get_item", Key=key(session_id, f"IDEM#{name}"), ConsistentRead=True)
        item = answer.get("Item")
        if item is None or not self._alive(item):
            return None
        return Idempotency(name, item["digest"]["S"], int(item["number"]["N"]))

    async def settle(self, session_id: str, settled: Settled) -> None:
        await self._unless_refused(
            "update_item",
            Key=key(session_id, "META#HEAD"),
            UpdateExpression="SET #last = :last, #updated = :updated, #expires = :expires",
            ConditionExpression="#born = :born AND #last < :last",
            ExpressionAttributeNames={name: name[1:] for name in ("#last", "#updated", "#expires", "#born")},
            ExpressionAttributeValues={
                ":last": number(settled.last),
                ":updated": number(settled.updated),
                ":expires": number(settled.updated // 1000 + settled.lifetime.head),
                ":born": number(settled.born),
            },
        )

    async def renew(self, session_id: str, kept: Lasting, over: int, expires: int) -> None:
        await self._unless_refused("update_item", **self._writes.renewal(session_id, kept, over, expires))

    async def keep_summary(self, session_id: str, summary: Summary, expires: int) -> None:
        await self._unless_refused("put_item", **self._writes.summary(session_id, summary, expires))

    async def tell(self, session_id: str, born: int, gist: Gist) -> None:
        await self._unless_refused("update_item", **self._writes.gist(session_id, born, gist))

    async def of_wallet(self, wallet: str) -> Sequence[Listed]:
        found: list[Listed] = []
        more: dict[str, Any] = {}
        while True:
            answer = await self._call("query", **_indexed("wallet", wallet), **more)
            items = answer["Items"]
            for start in range(0, len(items), MOST_AT_ONCE):
                found += await self._kept(items[start : start + MOST_AT_ONCE])
            if "LastEvaluatedKey" not in answer:
                return found
            more["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    async def _kept(self, items: Sequence[Item]) -> list[Listed]:
        """Sessions of the wallet index that have not expired: only their heads know that."""
        keys = [{"pk": item["pk"], "sk": item["sk"]} for item in items]
        alive: set[str] = set()
        while keys:
            wanted = {"Keys": keys, "ProjectionExpression": "pk, expires", "ConsistentRead": True}
            answer = await self._call("batch_get_item", RequestItems={self._table: wanted})
            alive.update(head["pk"]["S"] for head in answer["Responses"][self._table] if self._alive(head))
            keys = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
            if keys:
                await self._clock.sleep(UNPROCESSED_PAUSE)
        return [listed_of(item) for item in items if item["pk"]["S"] in alive]

    async def of_owner(self, owner: str, limit: int) -> Sequence[Noted]:
        found: list[Noted] = []
        more: dict[str, Any] = {"Limit": 2 * limit}  # some may be archived
        while True:
            answer = await self._call("query", **_indexed("owner", owner), **more)
            found += filter(None, (noted_of(item, self._clock.now()) for item in answer["Items"]))
            if len(found) >= limit or "LastEvaluatedKey" not in answer:
                return found[:limit]
            more["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    async def purge(self, session_id: str, below: int) -> None:
        async for page, _ in self._query(session_id, slot(0), slot(below - 1), WINDOW, newest_first=False):
            for start in range(0, len(page), 25):
                await self._delete(session_id, [item["sk"] for item in page[start : start + 25]])
        reading = await self.newest(session_id, limit=4)  # user state, summary, head, tombstone
        if reading.summary is not None and reading.summary.born < below:
            await self._purge_meta(self._writes.removal(session_id, "META#SUM", below))
        if reading.head is not None and reading.head.born < below:
            user_state = {"TableName": self._table, "Key": key(session_id, "META#USER")}
            await self._purge_meta(self._writes.removal(session_id, "META#HEAD", below), user_state)

    async def _purge_meta(self, *removals: Mapping[str, Any]) -> None:
        """Remove head, user state and summary together, if they still belong to the deleted session."""
        try:
            await self._call("transact_write_items", TransactItems=[{"Delete": one} for one in removals])
        except ClientError as error:
            if "ConditionalCheckFailed" not in _reasons(error):
                raise _translated(error) from error

    async def _delete(self, session_id: str, keys: Sequence[Mapping[str, str]]) -> None:
        requests = [{"DeleteRequest": {"Key": {"pk": {"S": partition(session_id)}, "sk": key}}} for key in keys]
        while requests:
            answer = await self._call("batch_write_item", RequestItems={self._table: requests})
            requests = answer.get("UnprocessedItems", {}).get(self._table, [])
            if requests:
                await self._clock.sleep(UNPROCESSED_PAUSE)

    async def _put_alone(self, session_id: str, entry: Entry, put: Mapping[str, Any]) -> None:
        put = {**put, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        try:
            await self._call("put_item", **put)
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise _translated(error) from error
            await self._settled_by(session_id, entry, error.response.get("Item"))

    async def _put_together(
        self, session_id: str, entry: Entry, writes: Sequence[Mapping[str, Any]], beside: Beside
    ) -> None:
        try:
            await self._call("transact_write_items", TransactItems=list(writes))
        except ClientError as error:
            reasons = _reasons(error)
            # while the slot is undecided, the other conditions may have been broken by this very write
            if "ConditionalCheckFailed" not in reasons or reasons[0] in MAY_WORK_LATER:
                raise _translated(error) from error
            if reasons[0] == "ConditionalCheckFailed":
                return await self._settled_by(session_id, entry, None)
            if "ConditionalCheckFailed" in reasons[len(reasons) - len(beside.promises) :]:
                raise KeyTaken("This Idempotency-Key was used before.") from error
            raise SlotTaken("The session has changed.") from error

    async def _settled_by(self, session_id: str, entry: Entry, item: Item | None) -> None:
        """Accept a taken slot if it holds our own entry: an earlier try succeeded. Raises SlotTaken."""
        if item is None:
            answer = await self._call("get_item", Key=key(session_id, slot(entry.number)), ConsistentRead=True)
            item = answer.get("Item")
        if item is None or item["nonce"]["S"] != entry.nonce:
            raise SlotTaken("The slot is taken.")

    def _alive(self, item: Item | None) -> bool:
        """An expired item counts as absent even if DynamoDB has not removed it yet."""
        return item is not None and int(item["expires"]["N"]) * 1000 > self._clock.now()

    async def _pages(
        self, session_id: str, low: str, high: str, limit: int, *, newest_first: bool
    ) -> tuple[list[Item], bool]:
        """Living items from sort key `low` to `high`, `limit` or more if there are; and whether these are all."""
        items: list[Item] = []
        query = self._query(session_id, low, high, limit, newest_first=newest_first)
        async with aclosing(query) as pages:  # otherwise the event loop would start a task to close it, on every read
            async for page, last in pages:
                items += [item for item in page if self._alive(item)]
                if last or len(items) >= limit:
                    return items, last
        return items, True

    async def _query(
        self, session_id: str, low: str, high: str, limit: int, *, newest_first: bool
    ) -> AsyncGenerator[tuple[list[Item], bool], None]:
        """Pages of at most `limit` items, expired ones included, and whether each is the last; read on demand."""
        values = {":pk": {"S": partition(session_id)}, ":low": {"S": low}, ":high": {"S": high}}
        more: dict[str, Any] = {}
        while True:
            answer = await self._call(
                "query",
                KeyConditionExpression="#pk = :pk AND #sk BETWEEN :low AND :high",
                ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
                ExpressionAttributeValues=values,
                ConsistentRead=True,
                ScanIndexForward=not newest_first,
                Limit=limit,
                **more,
            )
            last = "LastEvaluatedKey" not in answer
            yield answer["Items"], last
            if last:
                return
            more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    async def _unless_refused(self, operation: str, **parameters: Any) -> None:
        """Write, and accept that the condition refuses it."""
        try:
            await self._call(operation, **parameters)
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise _translated(error) from error

    async def _call(self, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """Call DynamoDB. Every error but a failed condition becomes Unavailable or OutcomeUnknown."""
        if operation not in ("transact_write_items", "batch_write_item", "batch_get_item"):
            parameters.setdefault("TableName", self._table)
        try:
            return await self._aws.call("dynamodb", operation, **parameters)
        except ClientError as error:
            if "ConditionalCheckFailed" in (code_of(error) + "".join(_reasons(error))):
                raise
            raise _translated(error) from error
        except BotoCoreError as error:
            raise OutcomeUnknown("The session storage does not answer; try again in a moment.") from error


def _indexed(index: str, value: str) -> dict[str, Any]:
    """Parameters of a query for the items of an index with this key, newest first; an index is named after its key."""
    return {
        "IndexName": index,
        "KeyConditionExpression": "#key = :key",
        "ExpressionAttributeNames": {"#key": index},
        "ExpressionAttributeValues": {":key": {"S": value}},
        "ScanIndexForward": False,
    }


def _translated(error: ClientError) -> Exception:
    """Throttling is definite and may be retried as Unavailable; after a 5xx the outcome is unknown."""
    codes = {code_of(error), *_reasons(error)}
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if codes & MAY_WORK_LATER:
        return Unavailable("The session storage is busy; try again in a moment.")
    return OutcomeUnknown("The session storage failed; try again in a moment.") if status >= 500 else error


def _reasons(error: ClientError) -> list[str]:
    """Why each write of a transaction failed; empty for any other error."""
    return [str(reason.get("Code", "")) for reason in error.response.get("CancellationReasons", [])]
