"""`Aws` that counts, at the composition root: nothing of what is counted knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from attache.aws import Aws, Item
from tests.bench.capacity import byte_months, get_units, index_units, query_units, write_units
from tests.bench.tally import Request, current

WRITES = ("put_item", "update_item", "delete_item")
INDICES: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {  # infra/data.yaml: key and what is projected, by name
    "wallet": (("wallet", "created"), ("title", "archived")),
    "owner": (("owner", "created"), ("title", "archived", "gist", "gist_at", "began", "days")),
    "listing": (("listed", "name"), ("apps", "label", "prefix", "title", "version", "deployed", "last_used")),
}


@dataclass(frozen=True)
class _Place:
    table: str
    key: Item


class CountingAws(Aws):
    """Counts each call on the current tally, if there is one."""

    async def call(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        tally = current()
        if tally is None:
            return await super().call(service, operation, **parameters)
        request = tally.begin(service, operation)
        try:
            answer = await self._counted(request, parameters)
        finally:
            tally.end(request)
        if operation == "send_message":
            tally.sent.put_nowait(parameters["MessageBody"])
        return answer

    async def _counted(self, request: Request, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        if request.service != "dynamodb":
            return await super().call(request.service, request.operation, **parameters)
        if request.operation in ("query", "get_item"):
            return await self._read(request, parameters)
        return await self._written(request, parameters)

    async def _read(self, request: Request, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = await super().call("dynamodb", request.operation, **parameters)
        consistent = parameters.get("ConsistentRead", False)
        if request.operation == "query":
            request.read = query_units(answer["Items"], consistent=consistent)
        else:
            request.read = get_units(answer.get("Item"), consistent=consistent)
        return answer

    async def _written(self, request: Request, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        places = list(_places(request.operation, parameters))
        before = [await self._item(place) for place in places]
        doubled = 2 if request.operation == "transact_write_items" else 1
        try:
            answer = await super().call("dynamodb", request.operation, ReturnConsumedCapacity="TOTAL", **parameters)
        except ClientError:  # a failed condition costs what the item costs that it looked at, and is not reported
            request.written = doubled * sum(write_units(item, None) for item in before)
            request.reported = request.written
            raise
        after = [await self._item(place) for place in places]
        request.written = doubled * sum(_units(old, new) for old, new in zip(before, after, strict=True))
        request.reported = _reported(answer)
        request.byte_months = sum(
            byte_months(item) for old, item in zip(before, after, strict=True) if item and not old
        )
        return answer

    async def _item(self, place: _Place) -> Item | None:
        answer = await super().call("dynamodb", "get_item", TableName=place.table, Key=place.key, ConsistentRead=True)
        return answer.get("Item")


def _units(before: Item | None, after: Item | None) -> int:
    indices = sum(index_units(before, after, key, projected) for key, projected in INDICES.values())
    return write_units(before, after) + indices


def _reported(answer: Mapping[str, Any]) -> float:
    consumed = answer["ConsumedCapacity"]
    return sum(float(each["CapacityUnits"]) for each in (consumed if isinstance(consumed, list) else [consumed]))


def _places(operation: str, parameters: Mapping[str, Any]) -> Iterator[_Place]:
    if operation in WRITES:
        yield _place(parameters)
    elif operation == "transact_write_items":
        yield from (_place(write) for each in parameters["TransactItems"] for write in each.values())
    elif operation == "batch_write_item":
        for table, requests in parameters["RequestItems"].items():
            yield from _batch(table, requests)
    else:
        raise NotImplementedError(f"{operation} is not counted yet")


def _batch(table: str, requests: Iterable[Mapping[str, Any]]) -> Iterator[_Place]:
    for each in requests:
        yield from (_place({"TableName": table, **write}) for write in each.values())


def _place(write: Mapping[str, Any]) -> _Place:
    item: Item = write.get("Key") or write["Item"]
    return _Place(write["TableName"], {"pk": item["pk"], "sk": item["sk"]})
