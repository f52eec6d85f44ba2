"""A minimal client of the HTTP API, for the terminal: one session, with streamed answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx

from attache_cli.errors import CommandError
from attache_cli.requests import Waiting, waiting

Event = dict[str, Any]
LAST = ("complete", "error")
AT_REST = ("idle", "interrupted")
TIMEOUT = httpx.Timeout(30.0, connect=5.0)  # a stream that is alive says something every 10 s


class Conversation:
    """A session with an app, created by its first message. `url` is the service's address without `/api`.

    `user_state` goes with each message: which wallet the user has connected.
    """

    def __init__(
        self, url: str, app: str, key: str | None, session_id: str | None = None, user_state: Event | None = None
    ) -> None:
        self.url = url
        self.session_id = session_id or str(uuid4())
        self._params = {"app": app} | ({"user_state": json.dumps(user_state)} if user_state else {})
        headers = {"X-Session-Id": self.session_id} | ({"AOMI-APP-KEY": key} if key else {})
        self._http = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT)

    def ask(self, text: str) -> Iterator[Event]:
        """The events of the answer as they come; the last one is `complete` or `error`. Raises CommandError."""
        accept = {"Accept": "text/event-stream"}
        with (
            self._reached(),
            self._http.stream(
                "POST", "/api/chat", params=self._params, json={"text": text}, headers=accept
            ) as response,
        ):
            yield from _events_of(response)

    def interrupt(self) -> None:
        """Stop the running answer; its text so far is kept."""
        with self._reached():
            self._http.post("/api/interrupt")

    def waiting(self) -> Waiting:
        """What the session waits for. Raises CommandError."""
        with self._reached():
            events, state = self._http.get("/api/events", params={"count": 100}), self._http.get("/api/state")
        return waiting(_said(events), _said(state))

    def answer(self, message: Event) -> None:
        """Post a system message. Raises CommandError."""
        with self._reached():
            _said(self._http.post("/api/system", json={"message": json.dumps(message)}))

    def follow(self, last_event_id: str) -> Iterator[Event]:
        """The updates after that event, until nothing runs any more. Raises CommandError."""
        while True:
            headers = {"Last-Event-ID": last_event_id}
            with self._reached(), self._http.stream("GET", "/api/updates", headers=headers) as response:
                if response.is_error:
                    raise CommandError(_refusal(response))
                for event_id, event in _numbered(response.iter_lines()):
                    last_event_id = event_id or last_event_id
                    if event is not None:
                        yield event
                        if event["type"] == "reset" or event.get("status") in AT_REST:
                            return

    def close(self) -> None:
        self._http.close()

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            raise CommandError(
                f"The service at {self.url} cannot be reached ({type(error).__name__}): see `attache doctor`."
            ) from error


def _said(response: httpx.Response) -> Any:
    if response.is_error:
        raise CommandError(_refusal(response))
    return response.json()


def _events_of(response: httpx.Response) -> Iterator[Event]:
    if response.is_error:
        raise CommandError(_refusal(response))
    for event in events(response.iter_lines()):
        yield event
        if event.get("type") in LAST:
            return
    raise CommandError("The stream was cut; the answer goes on without it, in the same session.")


def events(lines: Iterable[str]) -> Iterator[Event]:
    """The events in the lines of a stream, without ids and comments."""
    yield from (event for _, event in _numbered(lines) if event is not None)


def _numbered(lines: Iterable[str]) -> Iterator[tuple[str | None, Event | None]]:
    """Each event with its id, if it has one; an id may also stand alone."""
    event_id: str | None = None
    event: Event | None = None
    for line in lines:
        if line.startswith("id:"):
            event_id = line.removeprefix("id:").strip()
        elif line.startswith("data:"):
            event = json.loads(line.removeprefix("data:"))
        elif not line and (event_id or event):
            yield event_id, event
            event_id, event = None, None


def _refusal(response: httpx.Response) -> str:
    try:
        return str(json.loads(response.read())["error"])
    except (ValueError, KeyError, TypeError):
        return f"The service answered with status {response.status_code}."
