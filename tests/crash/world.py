"""Where turns are crashed: an embedded AWS, model providers, the app and its API, processes to run turns."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attache.apps.deploy import publish
from attache.apps.s3_releases import S3Releases
from attache.clock import Clock
from attache.sessions.entries import End, Entry, Turn, User
from attache.sessions.history import StepMade, TurnMade, conversation
from attache.turns.prompt import prompt
from attache.turns.timings import Timings
from attache.wiring import wire
from attache_local.service import settings_for
from tests.crash.runner import Chat, Place
from tests.crash.runners import Ran, Runners, runners
from tests.crash.scenario import (
    ANSWERED,
    LOOK,
    NEXT,
    Desk,
    anthropic_reply,
    app_with,
    ending,
    openai_reply,
    order_message,
)
from tests.embedded import Embedded
from tests.servers import openai_rules
from tests.servers.anthropic_server import AnthropicServer
from tests.servers.http_server import serving
from tests.servers.openai_server import OpenAIServer

VISIBILITY = 960  # seconds, as infra/queues.yaml: a message whose handler was killed is not seen again in a test


@dataclass(frozen=True)
class World:
    embedded: Embedded
    place: Place
    desk: Desk
    openai: OpenAIServer
    anthropic: AnthropicServer
    runners: Runners

    async def session(self, *, insistent: bool = False, visibility: int = VISIBILITY) -> Trial:
        """A new session with a queue of its own."""
        session_id = str(uuid.uuid4())
        made = await self.embedded.aws.call(
            "sqs", "create_queue", QueueName=session_id, Attributes={"VisibilityTimeout": str(visibility)}
        )
        return Trial(self, session_id, made["QueueUrl"], order_message(session_id, insistent=insistent))


@dataclass
class Trial:
    """One session, what runs in it, and what its client has seen."""

    world: World
    session_id: str
    queue_url: str
    message: str
    seen: list[Mapping[str, Any]] = field(default_factory=list)

    async def rehearsed(self) -> None:
        """A session that comes to no harm."""
        await self._run(chats=(Chat(self.message, "first"), Chat(NEXT, "next", model="claude-sonnet")))

    async def streamed(self, crash: str | None = None) -> Ran:
        """The message is sent, and its turn runs behind the stream."""
        ran = await self._run(chats=(Chat(self.message, "first"),), crash=crash)
        self.seen += ran.events("first")
        return ran

    async def queued(self, crash: str | None = None) -> Ran:
        """The message is sent, and its turn runs in the worker."""
        return await self._run(chats=(Chat(self.message, "first", stream=False),), work=True, crash=crash)

    async def worked(self, crash: str | None = None) -> Ran:
        """The queue is worked on until the session is idle."""
        return await self._run(work=True, crash=crash)

    async def recovered(self) -> None:
        """The queue is worked on until the session is idle; then the client comes back.

        It sends its message again, from where its stream was cut, and asks something else.
        """
        last = next((event["id"] for event in reversed(self.seen) if event["id"]), None)
        again = Chat(self.message, "first", last_event_id=last)
        ran = await self._run(work=True, then=(again, Chat(NEXT, "next", model="claude-sonnet")))
        self._drop_provisional(last)
        self.seen += ran.events("first")

    def _drop_provisional(self, last: str | None) -> None:
        """What came behind the last id (contract, "Stream")."""
        kept = max((at + 1 for at, event in enumerate(self.seen) if event["id"] == last), default=0)
        self.seen = self.seen[: kept if last else 0]

    async def _run(self, **more: Any) -> Ran:
        return await self.world.runners.run(self.session_id, self.queue_url, **more)

    async def entries(self) -> Sequence[Entry]:
        place = self.world.place
        log = wire(place.settings, self.world.embedded.aws, {}).sessions.log(self.session_id)
        await log.read()
        await log.reach_back(lambda _: False)
        return log.entries

    async def check(self) -> None:
        """Raises AssertionError where anything is not as the invariants say."""
        entries = await self.entries()
        told = "\n".join(f"{entry.number} {entry.writer} {entry.body}" for entry in entries)
        assert [e.body.message for e in entries if isinstance(e.body, User)] == [self.message, NEXT], told
        first, following = [part for part in conversation(entries) if isinstance(part, TurnMade)]
        self._check_turn(first, told)
        assert [step.text for step in following.steps] == [ANSWERED], told
        assert [e.body.status for e in entries if isinstance(e.body, End)] == ["done", "done"], told
        assert sum(isinstance(e.body, Turn) and e.body.why == "takeover" for e in entries) <= 2, told
        app, last = app_with("http://127.0.0.1:1"), len(entries) - 1
        body = {"model": "gpt-4o", "messages": list(prompt(app, entries[:last], None).messages)}
        assert openai_rules.fault(body) is None, told

    def _check_turn(self, turn: TurnMade, told: str) -> None:
        outcomes = [outcome for step in turn.steps for outcome in _trades(step)]
        written = "".join(step.text for step in turn.steps)
        assert written == LOOK + ending(outcomes), told
        assert all(call.call_id in step.results for step in turn.steps for call in step.calls), told
        sent = self.world.desk.orders[self.session_id]
        assert sent == 1 if outcomes == ["ok"] else sent <= 1, told
        assert outcomes[0] in ("ok", "outcome_unknown"), told
        assert [event["data"]["type"] for event in self.seen if event["data"]][-1] == "complete", self.seen
        shown = "".join(_text(event) for event in self.seen)
        assert shown == written, f"shown: {self.seen}\n{told}"


def _trades(step: StepMade) -> list[str]:
    return [str(step.results[call.call_id][1].outcome) for call in step.calls if call.name == "Trade"]


def _text(event: Mapping[str, Any]) -> str:
    data = event["data"] or {}
    return str(data["content"]) if data.get("type") == "text" else ""


@asynccontextmanager
async def world(embedded: Embedded, timings: Timings, directory: Path) -> AsyncIterator[World]:
    desk = Desk()
    with serving(desk.app) as tools:
        table, bucket = embedded.outputs["RegistryTable"], embedded.outputs["DataBucket"]
        await publish(app_with(tools), S3Releases(embedded.aws, bucket, table, Clock()))
        async with OpenAIServer(openai_reply) as openai, AnthropicServer(anthropic_reply) as anthropic:
            environ = {
                "OPENAI_API_KEY": "sk-of-a-test-0123456789",
                "OPENAI_API_BASE": openai.url,
                "ANTHROPIC_API_KEY": "sk-of-a-test-0123456789",
                "ANTHROPIC_API_BASE": anthropic.url,
            }
            place = Place(embedded.aws.access, settings_for(embedded.outputs, None), environ, timings)
            async with runners(place, directory) as forking:
                made = World(embedded, place, desk, openai, anthropic, forking)
                await (await made.session()).rehearsed()
                yield made
        assert not openai.faults
        assert not anthropic.faults
