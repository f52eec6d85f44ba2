"""A minimal client of the HTTP API, for the terminal: one session, with streamed answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx

from attache_cli.errors import CommandError
from attache_cli.requests import Waiting, waiting
from attache_cli.resuming import Event, Heard, Lost, Reconnections

__all__ = ["Conversation", "Event"]
AT_REST = ("idle", "interrupted")
TIMEOUT = httpx.Timeout(30.0, connect=5.0)  # a stream that is alive says something every 10 s


class Conversation:
    """A session with an app, created by its first message. `url` is the service's address without `/api`.

    `user_state` goes with each message: which wallet the user has connected.
    """

    def __init__(
        self,
        url: str,
        app: str,
        key: str | None,
        session_id: str | None = None,
        user_state: Event | None = None,
        reconnections: Callable[[], Reconnections] = Reconnections,
    ) -> None:
        self.url = url
        self.session_id = session_id or str(uuid4())
        self._params = {"app": app} | ({"user_state": json.dumps(user_state)} if user_state else {})
        headers = {"X-Session-Id": self.session_id} | ({"AOMI-APP-KEY": key} if key else {})
        self._reconnections = reconnections
        self._http = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT)

    def ask(self, text: str) -> Iterator[Event]:
        """The events of the answer as they come, each once; the last one is `complete` or `error`.

        A stream that breaks is resumed. Raises CommandError; Lost if the stream could not be resumed.
        """
        heard, reconnections = Heard(), self._reconnections()
        headers = {"Accept": "text/event-stream", "Idempotency-Key": str(uuid4())}
        while not heard.over:
            try:
                yield from self._stream(text, headers | heard.again(), heard)
            except Lost as lost:
                reconnections.pause(lost, heard.last_event_id)

    def _stream(self, text: str, headers: dict[str, str], heard: Heard) -> Iterator[Event]:
        """What is new on one connection. Raises CommandError if it is refused, Lost if it breaks."""
        with (
            self._reached(),
            self._http.stream(
                "POST", "/api/chat", params=self._params, json={"text": text}, headers=headers
            ) as response,
        ):
            self._check_key(response)
            _check(response)
            for event_id, event in _numbered(response.iter_lines()):
                yield from heard.news(event_id, event)
                if heard.over:
                    return
        raise Lost("The stream was cut.")

    def _check_key(self, response: httpx.Response) -> None:
        """Raises CommandError, with what to do, if the app wants another key."""
        why, app = _refusal(response) if response.status_code in (401, 403) else "", self._params["app"]
        if "key" in why:
            how = f"attache keys create --app {app} issues one; give it with --key or in ATTACHE_APP_KEY."
            raise CommandError(f"{why} {how}")

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
        """The updates after that event, until nothing runs any more. A channel that breaks is resumed.

        Raises CommandError.
        """
        reconnections, running = self._reconnections(), True
        while running:
            try:
                for event_id, event in self._updates(last_event_id):
                    last_event_id = event_id or last_event_id
                    if event is not None:
                        yield event
                        running = not _is_the_end(event)
            except Lost as lost:
                reconnections.pause(lost, last_event_id)

    def _updates(self, last_event_id: str) -> Iterator[tuple[str | None, Event | None]]:
        """The updates of one connection, to the end. Raises CommandError if it is refused, Lost if it breaks."""
        headers = {"Last-Event-ID": last_event_id}
        with self._reached(), self._http.stream("GET", "/api/updates", headers=headers) as response:
            _check(response)
            for event_id, event in _numbered(response.iter_lines()):
                yield event_id, event
                if event is not None and _is_the_end(event):
                    return

    def close(self) -> None:
        self._http.close()

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            why = f"The service at {self.url} cannot be reached ({type(error).__name__}): see `attache doctor`."
            raise Lost(why, unsent=isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout))) from error


def _is_the_end(event: Event) -> bool:
    """Whether nothing runs any more after this update."""
    return event["type"] == "reset" or event.get("status") in AT_REST


def _said(response: httpx.Response) -> Any:
    _check(response)
    return response.json()


def _check(response: httpx.Response) -> None:
    """Raises CommandError if the request was refused, Lost if the service failed."""
    if response.is_error:
        raise (Lost if response.is_server_error else CommandError)(_refusal(response))


def _numbered(lines: Iterable[str]) -> Iterator[tuple[str | None, Event | None]]:
    """Each event with its id, if it has one; an id may also stand alone. What was cut before its blank line is none."""
    event_id: str | None = None
    data = ""
    for line in lines:
        if line.startswith("id:"):
            event_id = line.removeprefix("id:").strip()
        elif line.startswith("data:"):
            data = line.removeprefix("data:")
        elif not line and (event_id or data):
            yield event_id, json.loads(data) if data else None
            event_id, data = None, ""


def _refusal(response: httpx.Response) -> str:
    try:
        return str(json.loads(response.read())["error"])
    except (ValueError, KeyError, TypeError):
        return f"The service answered with status {response.status_code}."
