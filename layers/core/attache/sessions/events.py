"""Server-sent events from the log: what an entry becomes on a chat stream and on the updates channel.

Both are pure functions of entries. If one entry becomes several events, the last one has the entry's id, so that a
client that resumes there has had all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from attache.sessions.entries import (
    Agent,
    Deleted,
    End,
    Entry,
    Event,
    Interrupt,
    OutcomeOf,
    Piece,
    Result,
    Text,
    Turn,
    User,
    results_of,
)
from attache.sessions.head import Head
from attache.sessions.shown_results import completed, parsed, tool_result_event, tool_update
from attache.sessions.system_events import system_events
from attache.sessions.view import View

Json = dict[str, Any]
TEXT_CHARACTERS = 1_300  # at most 16 KB on the wire: a character takes up to 12 bytes (contract, "Stream")
# without a final event the client would resume the stream, and create the session again
GONE: Mapping[str, Any] = {
    "type": "error", "message": "This session was deleted.", "code": "internal", "retryable": False,
}  # fmt: skip
UNKNOWN_USAGE: Mapping[str, Any] = {"input_tokens": None, "output_tokens": None, "model": None}
WITHDRAWN: Mapping[str, Any] = {"type": "complete", "status": "interrupted", "usage": UNKNOWN_USAGE}


def text_events(text: str) -> Iterator[Json]:
    """`text` events for a text, split to the size limit of an event."""
    for start in range(0, len(text), TEXT_CHARACTERS):
        yield {"type": "text", "content": text[start : start + TEXT_CHARACTERS]}


def tool_call_event(call_id: str, name: str, arguments: str) -> Json:
    return {"type": "tool_call", "name": name, "call_id": call_id, "args": parsed(arguments)}


def end_event(end: End) -> Json:
    """`complete`, or `error` if the turn failed."""
    if end.failure is not None:
        failure = end.failure
        return {"type": "error", "message": failure.message, "code": failure.code, "retryable": failure.retryable}
    return {"type": "complete", "status": end.status, "usage": asdict(end.usage) if end.usage else UNKNOWN_USAGE}


def rest_of_text(text: str, pieces: Iterable[Piece], upto: int) -> str:
    """The part of a step's text that a client lacks who has had every entry up to number `upto`."""
    return text[sum(piece.length for piece in pieces if piece.number <= upto) :]


class ChatEvents:
    """The events of one turn's chat stream, entry by entry.

    `upto` is the number of the last entry that the stream has had. Text that is sent before it is stored is reported to
    `sent`; the entry that stores it then becomes only an id.
    """

    def __init__(self, head: Head, turn: int, upto: int) -> None:
        self._head = head
        self._turn = turn
        self._upto = upto
        self.provisional = ""
        self.over = False

    def sent(self, text: str) -> None:
        self.provisional += text

    def of(self, entry: Entry, before: View) -> list[Json]:
        """The events of `entry`, which follows the view `before`; empty if only the id moves on."""
        events = list(self._of(entry, before))
        self._upto = max(self._upto, entry.number)
        return events

    def _of(self, entry: Entry, before: View) -> Iterator[Json]:
        mine = before.running is not None and before.running.turn == self._turn
        match entry.body:
            case Deleted():
                self.over = True
                yield dict(GONE)
            case Interrupt() if self._turn in before.waiting:
                self.over = True
                yield dict(WITHDRAWN)
            case User() | Turn() if not mine and _takes(entry) == self._turn:
                yield {
                    "type": "started",
                    "turn_id": self._head.id_of(self._turn),
                    "message_id": self._head.id_of(self._turn),
                }
            case _ if mine:
                yield from self._of_turn(entry)

    def _of_turn(self, entry: Entry) -> Iterator[Json]:
        match entry.body:
            case Text(text):
                yield from self._unsent(text)
            case Agent() as step:
                yield from self._unsent(rest_of_text(step.text, step.pieces, self._upto))
                yield from (tool_call_event(call.call_id, call.name, call.arguments) for call in step.calls)
            case Result(result):
                yield tool_result_event(result)
            case OutcomeOf(results=results) | Interrupt(results=results):
                yield from (tool_result_event(result, "async_tool_result") for result in results)
            case End() as end:
                self.over = True
                yield from self._unsent(rest_of_text(end.text, end.pieces, self._upto))
                yield from map(tool_result_event, end.results)
                yield end_event(end)

    def _unsent(self, text: str) -> Iterator[Json]:
        unsent = text.removeprefix(self.provisional[: len(text)])
        self.provisional = self.provisional[len(text) :]
        yield from text_events(unsent)


def _takes(entry: Entry) -> int | None:
    match entry.body:
        case User(runner=str()):
            return entry.number
        case Turn(of):
            return of
    return None


def update_events(head: Head, entry: Entry, before: View, upto: int) -> list[Json]:
    """The events of `entry` on the updates channel, for a client that has had everything up to number `upto`."""
    return [{**event, "session_id": head.session_id} for event in _updates(head, entry, before, upto)]


def _updates(head: Head, entry: Entry, before: View, upto: int) -> Iterator[Json]:
    after = before.after(entry)
    yield from _update(head, entry, before, upto)
    if before.busy != after.busy and not after.deleted:
        yield {"type": "state_changed", "status": "processing" if after.busy else _rest(after)}


def _rest(view: View) -> str:
    return "interrupted" if view.interrupted else "idle"


def _update(head: Head, entry: Entry, before: View, upto: int) -> Iterator[Json]:
    match entry.body:
        case User() | Turn():
            yield from _begun(head, _takes(entry), before)
        case Text(text, first):
            yield from _said(head, text, first or entry.number)
        case Agent() as step:
            yield from _said(head, rest_of_text(step.text, step.pieces, upto), _first(step.pieces, entry))
            for call in step.calls:
                yield tool_update(call.call_id, call.name, "started", parsed(call.arguments))
        case Result() | OutcomeOf() | Interrupt():
            yield from _came(entry)
        case End() as end:
            yield from _said(head, rest_of_text(end.text, end.pieces, upto), _first(end.pieces, entry))
            yield from map(completed, end.results)
            yield end_event(end)
            yield from _system_events(entry)
        case Event(what, data):
            yield from _noted(what, data)


def _came(entry: Entry) -> Iterator[Json]:
    for result in results_of(entry.body):
        if not isinstance(entry.body, Result):
            yield tool_result_event(result, "async_tool_result")
        yield completed(result)
    yield from _system_events(entry)


def _begun(head: Head, turn: int | None, before: View) -> Iterator[Json]:
    if turn is not None and (before.running is None or before.running.turn != turn):
        yield {"type": "started", "turn_id": head.id_of(turn), "message_id": head.id_of(turn)}


def _system_events(entry: Entry) -> Iterator[Json]:
    yield from map(_system_event, system_events(entry))


def _system_event(event: Json) -> Json:
    """A notice has a type of its own."""
    if "SystemNotice" in event:
        return {"type": "system_notice", "message": event["SystemNotice"]}
    return {"type": "system_event", "event": event}


def _noted(what: str, data: Any) -> Iterator[Json]:
    match what:
        case "title":
            yield {"type": "title_changed", "new_title": data["title"]}
        case "notice":
            yield {"type": "system_notice", "message": data["message"]}
        case "system":
            yield {"type": "system_event", "event": data["event"]}
        case "progress":
            yield tool_update(data["call_id"], data["name"], "running", None, data["message"])


def _said(head: Head, text: str, first: int) -> Iterator[Json]:
    yield from ({**event, "message_id": head.id_of(first)} for event in text_events(text))


def _first(pieces: tuple[Piece, ...], entry: Entry) -> int:
    return pieces[0].number if pieces else entry.number
