"""An answer whose stream breaks: what of it was shown already, and when it is asked for again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Any

from attache_cli.errors import CommandError
from attache_cli.output import say

Event = dict[str, Any]
LAST = ("complete", "error")
AFTER_TEXT = ("tool_call", *LAST)  # the text of a step is whole before these
PAUSES = (0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 8.0, 8.0, 8.0)  # s; longer in all than 35 s, when a dead runner's turn is taken


class Lost(CommandError):
    """The stream broke, and may be resumed. `unsent`: the service never got the request."""

    def __init__(self, why: str, *, unsent: bool = False) -> None:
        super().__init__(why)
        self.unsent = unsent


class Heard:
    """What was heard of one answer, over all its connections, so that nothing is shown twice.

    Text after the last id is provisional: a resumed stream brings it again, or other text in its place.
    """

    def __init__(self) -> None:
        self.last_event_id: str | None = None
        self.over = False
        self._message_id: str | None = None
        self._text = ""  # what is shown
        self._stored = 0  # characters of it that came before the last id
        self._at = 0  # how far this connection has come in it
        self._told: list[Event] = []  # other events since the last id

    def again(self) -> dict[str, str]:
        """A new connection begins behind the last id: the headers that say so."""
        self._at = self._stored
        return {"Last-Event-ID": self.last_event_id} if self.last_event_id else {}

    def news(self, event_id: str | None, event: Event | None) -> Iterator[Event]:
        """What is new in the event; `dropped`, which only this client knows, takes back the end of the shown text."""
        if event is not None:
            yield from self._news(event)
        if event_id is not None:
            self.last_event_id, self._stored = event_id, self._at
            self._told.clear()

    def _news(self, event: Event) -> Iterator[Event]:
        match event:
            case {"type": "text", "content": str(content)}:
                yield from self._said(event, content)
            case {"type": "reset", "snapshot": dict(snapshot)}:
                self._stored = self._at = 0
                yield from self._said({"type": "text"}, answer_in(snapshot, self._message_id))
            case _ if event not in self._told:
                yield from self._other(event)

    def _said(self, event: Event, content: str) -> Iterator[Event]:
        lacking = self._text[self._at :]
        if lacking.startswith(content):
            self._at += len(content)
            return
        if not content.startswith(lacking):
            content = self._text[self._stored : self._at] + content
            yield self._dropped()
            lacking = ""
        self._text += content[len(lacking) :]
        self._at = len(self._text)
        yield {**event, "content": content[len(lacking) :]}

    def _other(self, event: Event) -> Iterator[Event]:
        if event.get("type") in AFTER_TEXT and self._at < len(self._text):
            yield from self._without_the_rest()
        self._told.append(event)
        self._message_id = event.get("message_id", self._message_id)
        self.over = event.get("type") in LAST
        yield event

    def _without_the_rest(self) -> Iterator[Event]:
        """Text that was shown did not come again, and will not."""
        kept = self._text[self._stored : self._at]
        yield self._dropped()
        yield from self._said({"type": "text"}, kept)

    def _dropped(self) -> Event:
        dropped = self._text[self._stored :]
        self._text = self._text[: self._stored]
        self._at = self._stored
        return {"type": "dropped", "content": dropped}


class Reconnections:
    """When the stream of one message is asked for again: after growing pauses, which begin anew with each new id."""

    def __init__(self, pauses: tuple[float, ...] = PAUSES, sleep: Callable[[float], None] = time.sleep) -> None:
        self._pauses = pauses
        self._sleep = sleep
        self._tried = 0
        self._sent = False
        self._reached: str | None = None

    def pause(self, lost: Lost, last_event_id: str | None) -> None:
        """Wait before the next connection. Raises Lost where there is none."""
        self._sent = self._sent or not lost.unsent
        if last_event_id != self._reached:
            self._reached, self._tried = last_event_id, 0
        if not self._sent:
            raise lost
        if self._tried == len(self._pauses):
            raise Lost(f"{lost} The answer goes on without it, in the same session.") if last_event_id else lost
        if self._tried == 0:
            say("\nThe connection was lost; reconnecting.", "dim")
        self._sleep(self._pauses[self._tried])
        self._tried += 1


def answer_in(snapshot: Event, message_id: str | None) -> str:
    """The text of the answer to that message; where a truncated snapshot lacks the message, what there is of it."""
    messages = snapshot["messages"]
    places = {message["id"]: place for place, message in enumerate(messages)}
    answer = takewhile(lambda message: message["sender"] != "user", messages[places.get(message_id, -1) + 1 :])
    return "".join(message["content"] for message in answer if _is_said(message))


def _is_said(message: Event) -> bool:
    """Whether it is text of the answer, not the words of a failure."""
    return message["sender"] == "agent" and not message["id"].endswith("-error")
