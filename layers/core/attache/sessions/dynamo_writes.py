"""The writes of an append, as DynamoDB requests with the conditions of the protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from attache.clock import Clock
from attache.sessions.dynamo_items import LASTING, entry_item, head_item, key, number, summary_item, value
from attache.sessions.entries import Entry
from attache.sessions.head import Gist, Lifetime
from attache.sessions.summary import Summary
from attache.sessions.table import Beside, HeadChange, Lasting, NewHead, Promise


class SessionWrites:
    """Parameters of puts and updates of one table."""

    def __init__(self, table: str, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def entry(self, session_id: str, entry: Entry, lifetime: Lifetime) -> dict[str, Any]:
        """Put the entry into its slot, if that is free."""
        return {"TableName": self._table, "Item": entry_item(session_id, entry, lifetime), **self._free()}

    def beside(self, session_id: str, entry: Entry, beside: Beside, lifetime: Lifetime) -> Sequence[Mapping[str, Any]]:
        """The other writes of the transaction; promised keys come last."""
        writes: list[Mapping[str, Any]] = []
        if beside.new_head is not None:
            writes.append({"Put": self._head_put(session_id, beside.new_head)})
            if beside.new_head.instead_of is not None and beside.user_state is None:
                writes.append({"Delete": {"TableName": self._table, "Key": key(session_id, "META#USER")}})
        if beside.head_change is not None:
            writes.append({"Update": self._head_update(session_id, beside.head_change)})
        if beside.user_state is not None:
            writes.append({"Put": self._state_put(session_id, entry, beside, lifetime)})
        return [*writes, *({"Put": self._promise_put(session_id, entry, made)} for made in beside.promises)]

    def summary(self, session_id: str, summary: Summary, expires: int) -> dict[str, Any]:
        """Put the summary, unless the stored one covers more or is a later session's."""
        return {
            "TableName": self._table,
            "Item": summary_item(session_id, summary, expires),
            "ConditionExpression": (
                "attribute_not_exists(#pk) OR #expires <= :now OR #born < :born OR (#born = :born AND #upto < :upto)"
            ),
            "ExpressionAttributeNames": {name: name[1:] for name in ("#pk", "#expires", "#born", "#upto")},
            "ExpressionAttributeValues": {
                ":now": number(self._clock.now() // 1000),
                ":born": number(summary.born),
                ":upto": number(summary.upto),
            },
        }

    def renewal(self, session_id: str, kept: Lasting, over: int, expires: int) -> dict[str, Any]:
        """Move an item's expiry, if it is the one that was read."""
        return {
            "TableName": self._table,
            "Key": key(session_id, LASTING[kept]),
            "UpdateExpression": "SET #expires = :expires",
            "ConditionExpression": "#expires = :over",
            "ExpressionAttributeNames": {"#expires": "expires"},
            "ExpressionAttributeValues": {":expires": number(expires), ":over": number(over)},
        }

    def removal(self, session_id: str, sort: str, below: int) -> dict[str, Any]:
        """Delete an item of the session's metadata if it was born below number `below`."""
        return {
            "TableName": self._table,
            "Key": key(session_id, sort),
            "ConditionExpression": "#born < :below",
            "ExpressionAttributeNames": {"#born": "born"},
            "ExpressionAttributeValues": {":below": number(below)},
        }

    def _head_put(self, session_id: str, new: NewHead) -> dict[str, Any]:
        born = -1 if new.instead_of is None else new.instead_of
        return {
            "TableName": self._table,
            "Item": head_item(session_id, new.head, new.head.created // 1000 + new.head.lifetime.head),
            "ConditionExpression": "attribute_not_exists(#pk) OR #expires <= :now OR #born = :born",
            "ExpressionAttributeNames": {"#pk": "pk", "#expires": "expires", "#born": "born"},
            "ExpressionAttributeValues": {":now": number(self._clock.now() // 1000), ":born": number(born)},
        }

    def _state_put(self, session_id: str, entry: Entry, beside: Beside, lifetime: Lifetime) -> dict[str, Any]:
        item = {**key(session_id, "META#USER"), "data": {"S": _text(beside.user_state)},
                "expires": number(entry.at // 1000 + lifetime.head)}  # fmt: skip
        put = {"TableName": self._table, "Item": item}
        if beside.new_head is not None:
            return put
        if beside.over is None:
            return {**put, **self._free()}
        return {
            **put,
            "ConditionExpression": "#data = :over",
            "ExpressionAttributeNames": {"#data": "data"},
            "ExpressionAttributeValues": {":over": {"S": _text(beside.over)}},
        }

    def _head_update(self, session_id: str, change: HeadChange) -> dict[str, Any]:
        values = {name: value(given) for name, given in change.values.items() if given is not None}
        gone = [name for name, given in change.values.items() if given is None]
        sets = ["SET " + ", ".join(f"#{name} = :{name}" for name in values)] if values else []
        over = {name: given for name, given in change.over.items() if given is not None}
        were = [f"#{name} = :over_{name}" for name in over]
        none = [f"attribute_not_exists(#{name})" for name in change.over.keys() - over.keys()]
        removes = ["REMOVE " + ", ".join(f"#{name}" for name in gone)] if gone else []
        return {
            "TableName": self._table,
            "Key": key(session_id, "META#HEAD"),
            "UpdateExpression": " ".join(sets + removes),
            "ConditionExpression": " AND ".join(["#born = :born", *were, *none]),
            "ExpressionAttributeNames": {f"#{name}": name for name in (*change.values, *change.over, "born")},
            "ExpressionAttributeValues": {
                **{f":{name}": value for name, value in values.items()},
                **{f":over_{name}": value(given) for name, given in over.items()},
                ":born": number(change.born),
            },
        }

    def _promise_put(self, session_id: str, entry: Entry, made: Promise) -> dict[str, Any]:
        now = entry.at // 1000
        return {
            "TableName": self._table,
            "Item": {
                **key(session_id, f"IDEM#{made.key}"),
                "digest": {"S": made.digest},
                "number": number(entry.number),
                "expires": number(now + made.kept),
            },
            "ConditionExpression": "attribute_not_exists(#pk) OR #expires < :now OR #number < :born",
            "ExpressionAttributeNames": {"#pk": "pk", "#expires": "expires", "#number": "number"},
            "ExpressionAttributeValues": {":now": number(now), ":born": number(made.born)},
        }

    def gist(self, session_id: str, born: int, gist: Gist) -> dict[str, Any]:
        """Set the gist in the head, if it is the session born there and has no newer gist."""
        return {
            "TableName": self._table,
            "Key": key(session_id, "META#HEAD"),
            "UpdateExpression": "SET #gist = :gist, #gist_at = :at",
            "ConditionExpression": "#born = :born AND (attribute_not_exists(#gist_at) OR #gist_at <= :at)",
            "ExpressionAttributeNames": {name: name[1:] for name in ("#gist", "#gist_at", "#born")},
            "ExpressionAttributeValues": {":gist": {"S": gist.text}, ":at": number(gist.at), ":born": number(born)},
        }

    def _free(self) -> dict[str, Any]:
        """The condition that a slot is empty or holds an expired item."""
        return {
            "ConditionExpression": "attribute_not_exists(#pk) OR #expires <= :now",
            "ExpressionAttributeNames": {"#pk": "pk", "#expires": "expires"},
            "ExpressionAttributeValues": {":now": number(self._clock.now() // 1000)},
        }


def _text(user_state: Mapping[str, Any] | None) -> str:
    """JSON that is the same for equal states: the stored text is compared."""
    return json.dumps(user_state, ensure_ascii=False, separators=(",", ":"))
