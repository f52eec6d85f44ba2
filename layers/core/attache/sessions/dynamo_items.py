"""The items of a session's partition, as DynamoDB stores them (session-log.md, "Items")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attache.aws import Item
from attache.clock import rfc3339
from attache.sessions.entries import Entry
from attache.sessions.entry_json import decode, encode
from attache.sessions.head import DAY, Head, Lifetime, Listed, Noted
from attache.sessions.packing import packed, unpacked
from attache.sessions.summary import Summary
from attache.sessions.table import Lasting

_DIGITS = 12
_TEXTS = ("tag", "title", "title_by", "app", "wallet", "model", "client_id", "owner", "gist")
_NUMBERS = ("born", "last", "updated", "days")
_TIMES = ("gist_at",)  # milliseconds; optional
LASTING: Mapping[Lasting, str] = {"user_state": "META#USER", "summary": "META#SUM"}


def partition(session_id: str) -> str:
    return f"SESSION#{session_id}"


def slot(place: int) -> str:
    """The sort key of an entry; keys sort as their numbers do."""
    return f"LOG#{place:0{_DIGITS}d}"


def key(session_id: str, sort: str) -> Item:
    return {"pk": {"S": partition(session_id)}, "sk": {"S": sort}}


def number(given: int) -> dict[str, str]:
    return {"N": str(given)}


def value(given: str | bool | int) -> dict[str, Any]:
    match given:
        case bool():
            return {"BOOL": given}
        case int():
            return number(given)
    return {"S": given}


def entry_item(session_id: str, entry: Entry, lifetime: Lifetime) -> Item:
    return {
        **key(session_id, slot(entry.number)),
        "kind": {"S": entry.kind},
        "at": number(entry.at),
        "nonce": {"S": entry.nonce},
        "data": packed(encode(entry)),
        "expires": number(entry.at // 1000 + lifetime.of(entry.body)),
    }


def entry_of(item: Item) -> Entry:
    place = int(item["sk"]["S"].removeprefix("LOG#"))
    body = decode(item["kind"]["S"], unpacked(item["data"]))
    return Entry(place, int(item["at"]["N"]), item["nonce"]["S"], body)


def head_item(session_id: str, head: Head, expires: int) -> Item:
    """`created` is text, for the wallet index to sort by; `began` is the same as a number."""
    texts = {name: {"S": given} for name in _TEXTS if (given := getattr(head, name)) is not None}
    numbers = {name: number(given) for name in (*_NUMBERS, *_TIMES) if (given := getattr(head, name)) is not None}
    rest: Item = {
        "archived": {"BOOL": head.archived},
        "created": {"S": rfc3339(head.created)},
        "began": number(head.created),
        "expires": number(expires),
    }
    return {**key(session_id, "META#HEAD"), **texts, **numbers, **rest}


def head_of(session_id: str, item: Item) -> Head:
    texts: dict[str, Any] = {name: item[name]["S"] for name in _TEXTS if name in item}
    numbers: dict[str, Any] = {name: int(item[name]["N"]) for name in (*_NUMBERS, *_TIMES) if name in item}
    return Head(session_id, created=int(item["began"]["N"]), archived=item["archived"]["BOOL"], **texts, **numbers)


def listed_of(item: Item) -> Listed:
    """A session from an item of the wallet index."""
    return Listed(_session_id(item), item["title"]["S"], item["archived"]["BOOL"])


def noted_of(item: Item, now: int) -> Noted | None:
    """A session from an item of the owner index; None if it is archived or expired at `now` (ms).

    The index does not know when the newest entry expires, since every turn would have to update it. So a session counts
    from `gist_at` for as long as its entries are kept.
    """
    began = int(item["began"]["N"])
    said = int(item["gist_at"]["N"]) if "gist_at" in item else began
    if item["archived"]["BOOL"] or said + int(item["days"]["N"]) * DAY * 1000 <= now:
        return None
    return Noted(_session_id(item), item["title"]["S"], began, item["gist"]["S"] if "gist" in item else None)


def _session_id(item: Item) -> str:
    return str(item["pk"]["S"]).removeprefix("SESSION#")


def summary_item(session_id: str, summary: Summary, expires: int) -> Item:
    return {
        **key(session_id, "META#SUM"),
        "born": number(summary.born),
        "upto": number(summary.upto),
        "text": packed(summary.text),
        "expires": number(expires),
    }


def summary_of(item: Item) -> Summary:
    return Summary(int(item["born"]["N"]), int(item["upto"]["N"]), unpacked(item["text"]))


def expiries_of(meta: Mapping[str, Item]) -> Mapping[Lasting, int]:
    """When each of these items expires (seconds since 1970), by sort key in `meta`."""
    return {kept: int(meta[sort]["expires"]["N"]) for kept, sort in LASTING.items() if sort in meta}
