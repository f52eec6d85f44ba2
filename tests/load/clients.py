"""A client of the HTTP API that does as the contract says: it resumes what was cut, and repeats what failed."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

PAUSE = 0.2
PATIENCE = 60.0


class CutOff(Exception):
    """A stream ended without its last event."""


@dataclass
class Client:
    """One user at one session. `refusals` counts answers of 5xx, `cuts` streams that were resumed."""

    http: httpx.AsyncClient
    app: str
    key: str
    session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    refusals: int = 0
    cuts: int = 0

    async def say(self, message: str, said: Said | None = None, key: str | None = None) -> Said:
        """Send a message as the streaming dialect does, until its answer is complete.

        `said` can be watched meanwhile; with it and the same `key` a message is gone on with that was said before.
        """
        said = said or Said()
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        async with asyncio.timeout(PATIENCE):
            while not said.last:
                resumed = {"Last-Event-ID": said.last_id} if said.last_id else {}
                try:
                    await self._stream(said, message, headers | resumed)
                except (CutOff, httpx.TransportError):
                    self.cuts += 1
                    said.drop_provisional()
                    await asyncio.sleep(PAUSE)
        return said

    async def ask(self, message: str, *, wait: int = 20) -> dict[str, Any]:
        """Send a message as the snapshot dialect does; the snapshot when its turn is over."""
        headers = {"Idempotency-Key": str(uuid.uuid4()), "Prefer": f"wait={wait}"}
        parameters = {"app": self.app, "message": message}
        snapshot = await self.repeated("POST", "/api/chat", params=parameters, headers=headers)
        return snapshot if not snapshot["is_processing"] else await self.settled()

    async def begin(self, message: str) -> dict[str, Any]:
        """Send a message and wait for nothing; the snapshot."""
        parameters = {"app": self.app, "message": message}
        return await self.repeated("POST", "/api/chat", params=parameters, headers={"Prefer": "respond-async"})

    async def settled(self) -> dict[str, Any]:
        """The snapshot when nothing runs or waits any more."""
        async with asyncio.timeout(PATIENCE):
            while True:
                snapshot = await self.state()
                if not snapshot["is_processing"]:
                    return snapshot
                await asyncio.sleep(PAUSE)

    async def state(self, **parameters: str) -> dict[str, Any]:
        return await self.repeated("GET", "/api/state", params=parameters)

    async def interrupt(self) -> dict[str, Any]:
        return await self.repeated("POST", "/api/interrupt")

    async def repeated(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """The JSON of an answer; the request is sent again while it is answered with a clear 5xx."""
        async with asyncio.timeout(PATIENCE):
            while True:
                headers = self._headers() | more.get("headers", {})
                answer = await self.http.request(method, path, **{**more, "headers": headers})
                if not self._refused(answer.status_code, answer.text):
                    found: dict[str, Any] = answer.json()
                    return found
                await asyncio.sleep(PAUSE)

    async def _stream(self, said: Said, message: str, headers: Mapping[str, str]) -> None:
        request = self.http.stream(
            "POST",
            "/api/chat",
            params={"app": self.app},
            json={"text": message},
            headers={**self._headers(), **headers},
        )
        async with request as answer:
            if answer.status_code != 200:
                assert self._refused(answer.status_code, (await answer.aread()).decode())
                await asyncio.sleep(PAUSE)
                return
            async for event_id, data in events_of(answer):
                said.hear(event_id, data)
        if not said.last:
            raise CutOff

    def _refused(self, status: int, body: str) -> bool:
        """Whether an answer is a 5xx, which then says so in the contract's words; anything but 200 is no answer."""
        if status >= 500:
            assert isinstance(json.loads(body)["error"], str), body
            self.refusals += 1
            return True
        assert status == 200, f"{status}: {body}"
        return False

    def _headers(self) -> dict[str, str]:
        return {"X-Session-Id": self.session_id, "X-API-Key": self.key, "Accept": "*/*"}


@dataclass
class Said:
    """What a stream has shown: `text` of the answer, and the `last` event once it has come."""

    text: str = ""
    last_id: str | None = None
    last: Mapping[str, Any] | None = None
    resets: int = 0
    started: str = ""  # the turn's id, which is the accepted message's
    types: list[str] = field(default_factory=list)
    accepted: asyncio.Event = field(default_factory=asyncio.Event)  # the turn has started
    begun: asyncio.Event = field(default_factory=asyncio.Event)  # the answer's first text has come
    _stored: str = ""

    def hear(self, event_id: str | None, data: Mapping[str, Any] | None) -> None:
        match data:
            case {"type": "text", "content": content}:
                self.text += content
                self.begun.set()
            case {"type": "reset", "snapshot": snapshot}:
                self.resets += 1
                self.text = answer_in(snapshot)
            case {"type": "started", "turn_id": turn_id}:
                self.started = turn_id
                self.accepted.set()
            case {"type": "complete" | "error"}:
                self.last = data
        self.types += [data["type"]] if data else []
        if event_id is not None:
            self.last_id, self._stored = event_id, self.text

    def drop_provisional(self) -> None:
        """Text after the last id goes, where the stream is resumed (contract, "Stream")."""
        self.text = self._stored


def answer_in(snapshot: Mapping[str, Any]) -> str:
    """The text of the last turn's answer."""
    messages = snapshot["messages"]
    asked = max((at for at, message in enumerate(messages) if message["sender"] == "user"), default=-1)
    return "".join(message["content"] for message in messages[asked + 1 :] if message["sender"] == "agent")


async def events_of(answer: httpx.Response) -> AsyncIterator[tuple[str | None, dict[str, Any] | None]]:
    """Server-sent events as (id, data); comments are left out."""
    event_id, data = None, None
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        match name:
            case "id":
                event_id = value
            case "data":
                data = json.loads(value)
            case "" if event_id or data:
                yield event_id, data
                event_id, data = None, None
