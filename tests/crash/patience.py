"""A session in which something waits, whoever dies meanwhile; and what must have come of it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from attache.sessions.entries import End, Entry, OutcomeOf, Result, results_of
from attache.sessions.history import TurnMade, conversation
from attache.sessions.log import SessionLog
from attache.sessions.system_events import system_events
from attache.wiring import wire
from tests.crash.runner import Chat
from tests.crash.runners import Ran
from tests.crash.waiting import TOLD, USER_STATE, WAITS, Kind
from tests.crash.world import VISIBILITY, World

COMES_AGAIN = 3  # seconds until a job of the tool worker that was killed is seen again
ANSWERS = {
    "Confirm": {"type": "tool_approval_response", "payload": {"approved": True}},
    "Pay": {"type": "wallet:tx_complete", "payload": {"status": "success", "txHash": "0xbeef"}},
}


@dataclass(frozen=True)
class Patience:
    """One session, and the request in it that waits."""

    world: World
    kind: Kind
    session_id: str
    queue_url: str
    tools_url: str

    @staticmethod
    async def begin(world: World, kind: Kind) -> Patience:
        session_id = str(uuid.uuid4())
        urls = [
            (
                await world.embedded.aws.call(
                    "sqs", "create_queue", QueueName=name, Attributes={"VisibilityTimeout": str(seconds)}
                )
            )["QueueUrl"]
            for name, seconds in ((session_id, VISIBILITY), (f"{session_id}-tools", COMES_AGAIN))
        ]
        return Patience(world, kind, session_id, *urls)

    async def asked(self, crash: str | None = None) -> Ran:
        """The wish is sent; with steps, all is worked on until they have ended."""
        return await self._run(chats=(self._wish,), work=self.kind == "Withdraw", crash=crash)

    async def asked_again(self) -> None:
        """The queues are worked on; then the client sends its wish once more, from the beginning."""
        await self._run(work=True, then=(self._wish,))
        await self._run(work=True)

    async def answered(self, crash: str | None = None) -> Ran:
        """The user answers the request, and what follows is worked on."""
        return await self._run(posts=(json.dumps(ANSWERS[self.kind]),), work=True, crash=crash)

    async def check_asked(self) -> None:
        """The request is there, once; nothing was sent."""
        log = await self._log()
        asked = [e.body.pending for e in log.entries if isinstance(e.body, Result) and e.body.pending]
        assert len(asked) == len(log.view.pending) == 1, self._told(log)
        assert asked[0].asks, self._told(log)
        assert self._orders == 0, self._told(log)
        if self.kind == "Pay":
            assert log.known.user_state is not None
            assert (list(log.known.user_state["pending_txs"]), log.known.user_state["next_id"]) == (["1"], 2)
        assert self._said(log) == WAITS, self._told(log)

    async def check_done(self) -> None:
        """The outcome was applied once, and told; what was sent was sent once."""
        log = await self._log()
        outcomes = [entry for entry in log.entries if isinstance(entry.body, OutcomeOf)]
        assert (len(outcomes), log.view.pending, log.view.busy) == (1, (), False), self._told(log)
        came = self._came(log.entries)
        assert self._said(log) == WAITS + TOLD[came], self._told(log)
        assert {entry.body.status for entry in log.entries if isinstance(entry.body, End)} == {"done"}, self._told(log)
        assert self._orders == (0 if self.kind == "Pay" else 1) if came == "ok" else self._orders <= 1, self._told(log)
        assert not (log.known.user_state or {}).get("pending_txs"), self._told(log)
        called_back = [name for entry in log.entries for event in system_events(entry) for name in event]
        assert called_back.count("AsyncCallback") == (self.kind == "Withdraw"), self._told(log)

    @property
    def _wish(self) -> Chat:
        return Chat(f"{self.kind} {self.session_id}", "first", user_state=USER_STATE)

    @property
    def _orders(self) -> int:
        return self.world.desk.orders[self.session_id]

    async def _run(self, **more: Any) -> Ran:
        tools_url = self.tools_url if self.kind == "Withdraw" else ""
        return await self.world.runners.run(self.session_id, self.queue_url, tools_url=tools_url, **more)

    async def _log(self) -> SessionLog:
        log = wire(self.world.place.settings, self.world.embedded.aws, {}).sessions.log(self.session_id)
        await log.read()
        await log.reach_back(lambda _: False)
        return log

    @staticmethod
    def _came(entries: tuple[Entry, ...]) -> str:
        """What the call came to in the end."""
        return [result.outcome for entry in entries for result in results_of(entry.body)][-1]

    @staticmethod
    def _said(log: SessionLog) -> str:
        turns = [part for part in conversation(log.entries) if isinstance(part, TurnMade)]
        return "".join(step.text for turn in turns for step in turn.steps)

    @staticmethod
    def _told(log: SessionLog) -> str:
        return "\n".join(f"{entry.number} {entry.writer} {entry.body}" for entry in log.entries)
