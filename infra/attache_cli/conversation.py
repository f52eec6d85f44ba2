"""A minimal client of the HTTP API, for the terminal: one session, with streamed answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import uuid4

import httpx

from attache_cli.errors import CommandError

Event = dict[str, Any]
LAST = ("complete", "error")
TIMEOUT = httpx.Timeout(30.0, connect=5.0)  # a stream that is alive says something every 10 s


class Conversation:
    """A session with an app, created by its first message. `url` is the service's address without `/api`."""

    def __init__(self, url: str, app: str, key: str | None, session_id: str | None = None) -> None:
        self.session_id = session_id or str(uuid4())
        self._app = app
        headers = {"X-Session-Id": self.session_id} | ({"AOMI-APP-KEY": key} if key else {})
        self._http = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT)

    def ask(self, text: str) -> Iterator[Event]:
        """The events of the answer as they come; the last one is `complete` or `error`. Raises CommandError."""
        accept = {"Accept": "text/event-stream"}
        try:
            with self._http.stream(
                "POST", "/api/chat", params={"app": self._app}, json={"text": text}, headers=accept
            ) as response:
                yield from _events_of(response)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def interrupt(self) -> None:
        """Stop the running answer; its text so far is kept."""
        try:
            self._http.post("/api/interrupt")
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        self._http.close()

    def _unreachable(self, error: httpx.HTTPError) -> CommandError:
        return CommandError(
            f"The service at {self._http.base_url} cannot be reached ({type(error).__name__}): see `attache doctor`."
        )


def _events_of(response: httpx.Response) -> Iterator[Event]:
    if response.is_error:
        raise CommandError(_refusal(response))
    for event in events(response.iter_lines()):
        yield event
        if event.get("type") in LAST:
            return
    raise CommandError("The stream was cut; the answer goes on without it, in the same session.")


def events(lines: Iterable[str]) -> Iterator[Event]:
    """The events in a stream's lines; ids and comments are skipped."""
    for line in lines:
        if line.startswith("data:"):
            yield json.loads(line.removeprefix("data:"))


def _refusal(response: httpx.Response) -> str:
    try:
        return str(json.loads(response.read())["error"])
    except (ValueError, KeyError, TypeError):
        return f"The service answered with status {response.status_code}."
