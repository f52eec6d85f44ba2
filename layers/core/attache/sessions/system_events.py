"""System events in the shapes of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attache.sessions.entries import CallResult, End, Entry, Event, OutcomeOf, Pending, Result
from attache.sessions.shown_results import status_of, tool_result_event

Json = dict[str, Any]


def system_events(entry: Entry) -> Iterator[Json]:
    """The system events of an entry: its own, a request to the client, a late result, or what a turn's end is about."""
    match entry.body:
        case Event(what="system", data=data):
            yield data["event"]
        case Event(what="notice", data=data):
            yield {"SystemNotice": data["message"]}
        case Result(pending=Pending(asks=asks)) if asks:
            yield {"InlineCall": asks}
        case OutcomeOf(results=results, calls_back=True):
            yield from ({"AsyncCallback": _callback(result)} for result in results)
        case End(failure=failure) if failure is not None:
            yield {"SystemError": failure.message}
        case End(notice=str(notice)):
            yield {"SystemNotice": notice}


def _callback(result: CallResult) -> Json:
    """The fields of the call's `async_tool_result`, and its `status`: `success` or `error`."""
    shown = {name: value for name, value in tool_result_event(result).items() if name != "type"}
    return {**shown, "status": status_of(result)}
