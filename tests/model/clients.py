"""Clients, as the contract has them: they chat, resume what was cut, interrupt, poll, delete; and tell what is bad."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from attache.errors import AttacheError, Conflict, Forbidden, NotFound, TooMany
from attache.sessions.entries import Call, Delivered, Sign
from attache.turns.accepting import ChatRequest
from attache.wire.sse import Event
from tests.model.containers import APP, Container, Cut
from tests.model.script import TOLD
from tests.model.story import Story

Json = Mapping[str, Any]
LASTS = 900.0  # seconds that a function may take, at most
_REFUSED = (Conflict, Forbidden, NotFound, TooMany)
_UNSEEN = (Sign, Delivered, Call)


class Service(Protocol):
    """What clients find of the world."""

    session_id: str
    rng: random.Random

    def container(self) -> Container: ...

    def story(self) -> Story:
        """What the log tells now."""
        ...

    def seen_between(self, first: int, last: int) -> list[str]:
        """The kinds of the entries above `first` and up to `last`, which a snapshot shows."""
        ...

    @property
    def last(self) -> int: ...

    delivered: int
    shown: Json | None

    def found(self, violation: str) -> None: ...

    def note(self, what: str) -> None: ...


@dataclass
class Chat:
    """One message on its way, and what its client knows of it."""

    name: str
    key: str | None
    tries: int = 1
    patience: float = 30.0
    connects: bool = False
    leaves_after: float | None = None
    lasts: float = LASTS
    accepted: bool = False
    refused: bool = False
    text: str = ""
    stored: str = ""
    last_id: str | None = None
    final: Json | None = None

    def heard(self, event: Event) -> None:
        data = event.data or {}
        match data.get("type"):
            case "text":
                self.text += data["content"]
            case "reset":
                self.text = text_in(data["snapshot"], self.name)
            case "complete" | "error":
                self.final = data
        if event.id is not None:
            self.stored, self.last_id = self.text, event.id


def text_in(snapshot: Json, name: str) -> str:
    """What a snapshot shows as the answer to message `name`."""
    said, mine = "", False
    for message in snapshot["messages"]:
        if message["sender"] == "user":
            mine = message["content"] == name
        elif mine and message["tool_result"] is None and not _of_another(message):
            said += message["content"]
    return said


def _of_another(message: Json) -> bool:
    """What is no text of a message's answer: a failure, or the answer to an outcome."""
    return bool(message["id"].endswith("-error") or message["content"].startswith(TOLD))


async def stream(service: Service, chat: Chat) -> None:
    """Send a message and read its answer; a stream that is cut is resumed, where it has a key."""
    for _ in range(chat.tries):
        await _stream_once(service, chat)
        if chat.final or chat.refused or chat.key is None or chat.leaves_after is not None:
            return
        service.note(f"{chat.name} was cut after {chat.last_id}")
        chat.text = chat.stored
        await asyncio.sleep(service.rng.uniform(0, 4))


async def _stream_once(service: Service, chat: Chat) -> None:
    container = service.container()
    request = _request(service, container, chat)
    events: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()
    answer = container.invoke(_served(container, request, events), chat.lasts)
    answer.add_done_callback(lambda answer: events.put_nowait(answer.exception()))
    until = asyncio.get_running_loop().time() + (chat.leaves_after or 1e9)
    while True:
        patience = min(chat.patience, until - asyncio.get_running_loop().time())
        try:
            event = await asyncio.wait_for(events.get(), patience)
        except TimeoutError:
            return
        if not isinstance(event, Event):
            chat.refused = isinstance(event, _REFUSED)
            return
        chat.accepted = True
        chat.heard(event)


async def _served(container: Container, request: ChatRequest, events: asyncio.Queue[Any]) -> None:
    stream = await container.services.chats.stream(request)
    events.put_nowait(Event())
    async for event in stream:
        events.put_nowait(event)


async def ask(service: Service, chat: Chat, wait: float) -> None:
    """Send a message and read the snapshot."""
    for _ in range(chat.tries):
        container = service.container()
        answer = container.services.chats.answer(_request(service, container, chat), wait)
        try:
            snapshot = await asyncio.wait_for(container.invoke(answer, chat.lasts), 29)
        except _REFUSED:
            return
        except (AttacheError, Cut, TimeoutError):
            if chat.key is None:
                return
            await asyncio.sleep(service.rng.uniform(0, 4))
            continue
        chat.accepted = True
        count_events(service, snapshot)
        shown = [message["content"] for message in snapshot["messages"] if message["sender"] == "user"]
        if shown.count(chat.name) != 1 and not service.story().deletions:
            service.found(f"the snapshot that answers {chat.name} has {shown}")
        return


async def interrupt(service: Service) -> None:
    """Once it has answered, nothing that was busy when it was asked still is."""
    before = service.story()
    busy = [turn for turn in (before.running, *before.waiting) if turn is not None]
    container = service.container()
    service.note(f"interrupt of {[turn.cause for turn in busy]}")
    answer = await _asked(container, container.services.interrupts.interrupt(service.session_id))
    if answer is None:
        return
    count_events(service, answer)
    service.note(f"interrupt answered {answer['interrupted']}")
    after = service.story()
    still = {turn.cause for turn in (after.running, *after.waiting) if turn is not None}
    for turn in busy:
        if turn.cause in still:
            service.found(f"turn {turn.cause} goes on after an interrupt that answered {answer['interrupted']}")


async def poll(service: Service, etag: str | None) -> str | None:
    """A poll of state; the new ETag. An ETag that holds says that nothing has been appended that would show."""
    container = service.container()
    began = service.last
    work = container.services.sessions.state(service.session_id, etags=(etag,) if etag else ())
    state = await _asked(container, work)
    if state is None:
        return etag
    count_events(service, state.snapshot)
    if state.snapshot is None and etag is not None:
        since = int(etag.strip('"').split("-")[1])
        if news := service.seen_between(since, began):
            service.found(f"a poll with {etag} was told that nothing is new, and there is {news}")
    return state.etag if state.etag is not None else None


async def look(service: Service) -> None:
    """What a snapshot shows in the end."""
    container = service.container()
    state = await _asked(container, container.services.sessions.state(service.session_id))
    if state is not None:
        count_events(service, state.snapshot)
        service.shown = state.snapshot


async def delete(service: Service) -> None:
    container = service.container()
    service.note("delete")
    born = service.story().born
    if await _asked(container, container.services.sessions.delete(service.session_id), ok=True) is None:
        return
    if born is not None and service.story().born == born:
        service.found("a session is there although it was deleted")


async def say_who(service: Service, number: int) -> None:
    """What a client says of its user: a transaction beside the turns."""
    container = service.container()
    work = container.services.sessions.state(service.session_id, user_state={"address": f"0x{number}"}, client_id="c")
    await _asked(container, work)


async def rename(service: Service, number: int) -> None:
    container = service.container()
    await _asked(container, container.services.sessions.rename(service.session_id, f"Title {number}"))


def count_events(service: Service, snapshot: Json | None) -> None:
    """System events are delivered at most once: failures of turns, what the user is asked, calls that came back."""
    service.delivered += len(snapshot["system_events"]) if snapshot else 0


async def _asked(container: Container, work: Any, *, ok: Any = None) -> Any:
    """The answer, `ok` where it is None; None where there was none."""
    try:
        answer = await asyncio.wait_for(container.invoke(work, LASTS), 29)
    except (AttacheError, Cut, TimeoutError):
        return None
    return ok if answer is None else answer


def _request(service: Service, container: Container, chat: Chat) -> ChatRequest:
    deadline = container.clock.now() + int(chat.lasts * 1000)
    return ChatRequest(
        service.session_id,
        APP,
        chat.name,
        user_state={"address": "0xa", "chain_id": 1} if chat.connects else None,
        idempotency_key=chat.key,
        last_event_id=chat.last_id,
        deadline=deadline,
    )
