"""Snapshots: a session's log as the contract shows it to polling clients."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attache.clock import rfc3339
from attache.sessions.entries import CallResult, End, Entry, Failure, OutcomeOf, User
from attache.sessions.head import NEW_TITLE, Head
from attache.sessions.history import Part, StepMade, SystemMessage, TurnMade, Unanswered, conversation
from attache.sessions.system_events import system_events
from attache.sessions.view import View

Json = dict[str, Any]
NEVER_USED = "0-0"  # the id that every event of a session comes after
MOST_BYTES = 1_000_000  # contract, "Snapshot": the newest 1 MB at most


def snapshot(
    head: Head,
    view: View,
    entries: Sequence[Entry],
    user_state: Mapping[str, Any] | None,
    *,
    wholes: Mapping[str, str] | None = None,
    delivering: Iterable[int] = (),
    truncated: bool = False,
    before: str | None = None,
) -> Json:
    """The contract's snapshot. `delivering`: numbers of the system events that this one delivers.

    `wholes`: long results by message id, shown in full as far as there is room.
    `truncated`: there is more before `entries`. `before`: show only what came before that message.
    """
    messages = [message for part in conversation(entries) for message in _messages(head, part)]
    messages, cut = _newest(_up_to(messages, before) if before else messages, wholes or {})
    wanted = frozenset(delivering)
    answer: Json = {
        "session_id": head.session_id,
        "status": status(view),
        "is_processing": view.busy,
        "title": head.title,
        "messages": messages,
        "system_events": [event for entry in entries if entry.number in wanted for event in system_events(entry)],
        "user_state": dict(user_state) if user_state is not None else None,
        "last_event_id": head.id_of(view.last),
    }
    return {**answer, "truncated": True} if truncated or cut else answer


def ids_of(head: Head, part: Part) -> set[str]:
    """The ids of the messages that a part of the conversation is shown as."""
    return {message["id"] for message in _messages(head, part)}


def message_of(head: Head, entry: Entry) -> Json | None:
    """The message of this one entry, as a snapshot shows it; None if it has none."""
    return next((message for part in conversation([entry]) for message in _messages(head, part)), None)


def empty_snapshot(session_id: str) -> Json:
    """The snapshot of a session that was never used."""
    return {
        "session_id": session_id,
        "status": "idle",
        "is_processing": False,
        "title": NEW_TITLE,
        "messages": [],
        "system_events": [],
        "user_state": None,
        "last_event_id": NEVER_USED,
    }


def status(view: View) -> str:
    """`processing` while a turn runs or waits, `interrupted` from an interrupt to the next message, else `idle`."""
    if view.busy:
        return "processing"
    return "interrupted" if view.interrupted else "idle"


def _messages(head: Head, part: Part) -> Iterator[Json]:
    match part:
        case Unanswered(cause, came=came):
            yield from _cause(head, cause)
            yield from (_tool(head, entry, result) for entry, result in came)
        case SystemMessage(entry, text):
            yield _message(head, entry.number, "system", text, entry.at)
        case TurnMade() as turn:
            yield from _turn(head, turn)


def _turn(head: Head, turn: TurnMade) -> Iterator[Json]:
    yield from _cause(head, turn.cause)
    for step in turn.steps:
        yield from _step(head, step)
    if turn.pieces:
        first = turn.pieces[0]
        yield {**_message(head, first.number, "agent", turn.running_text, first.at), "is_streaming": True}
    match turn.end:
        case Entry(number=number, at=at, body=End(failure=Failure(message=message))):
            # an end with both text and a failure becomes two messages, which need different ids
            yield {**_message(head, number, "agent", message, at), "id": f"{head.id_of(number)}-error"}


def _cause(head: Head, cause: Entry) -> Iterator[Json]:
    match cause.body:
        case User(message):
            yield _message(head, cause.number, "user", message, cause.at)
        case OutcomeOf(results=results):
            yield from (_tool(head, cause, result) for result in results)


def _step(head: Head, step: StepMade) -> Iterator[Json]:
    if step.text:
        yield _message(head, step.number, "agent", step.text, step.at)
    for call in step.calls:
        if call.call_id in step.results:
            entry, result = step.results[call.call_id]
            yield _tool(head, entry, result)
    yield from (_tool(head, entry, result) for entry, result in step.withdrawn.values())


def _tool(head: Head, entry: Entry, result: CallResult) -> Json:
    message = {**_message(head, entry.number, "agent", "", entry.at), "tool_result": [result.name, result.text]}
    message["id"] = head.id_of_result(entry.number, result.call_id)
    return {**message, "sources": list(result.sources)} if result.sources else message


def _message(head: Head, number: int, sender: str, content: str, at: int) -> Json:
    return {
        "id": head.id_of(number),
        "sender": sender,
        "content": content,
        "timestamp": rfc3339(at),
        "is_streaming": False,
        "tool_result": None,
    }


def _up_to(messages: list[Json], before: str) -> list[Json]:
    places = (place for place, message in enumerate(messages) if message["id"] == before)
    return messages[: next(places, 0)]


def _newest(messages: list[Json], wholes: Mapping[str, str]) -> tuple[list[Json], bool]:
    """The newest 1 MB of messages, with long results in full as far as they fit; and whether there were more."""
    size = 0
    kept: list[Json] = []
    for message in reversed(messages):
        whole = _with_whole(message, wholes)
        shown = whole if size + _size(whole) <= MOST_BYTES else message
        size += _size(shown)
        if size > MOST_BYTES:
            return kept[::-1], True
        kept.append(shown)
    return kept[::-1], False


def _with_whole(message: Json, wholes: Mapping[str, str]) -> Json:
    """A tool's message with its complete result, if `wholes` has it."""
    whole = wholes.get(message["id"]) if message["tool_result"] else None
    return {**message, "tool_result": [message["tool_result"][0], whole]} if whole is not None else message


def _size(message: Json) -> int:
    return len(json.dumps(message, ensure_ascii=False).encode())
