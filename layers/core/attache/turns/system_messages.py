"""`POST /api/system`: what clients send beside the conversation."""

from __future__ import annotations

from typing import Any

from attache.clock import Clock
from attache.sessions import changes
from attache.sessions.log import Decision
from attache.sessions.sessions import Sessions
from attache.sessions.snapshot import message_of
from attache.turns.answering import Answer
from attache.turns.client_messages import Said, StateChanged, read_message
from attache.turns.outcome_keeper import OutcomeKeeper


class SystemMessages:
    """Stores clients' system messages; each is durable when `post` returns."""

    def __init__(self, sessions: Sessions, outcomes: OutcomeKeeper, clock: Clock) -> None:
        self._sessions = sessions
        self._outcomes = outcomes
        self._clock = clock

    async def post(self, session_id: str, text: str) -> dict[str, Any] | None:
        """Store `text`; returns the resulting message as a snapshot shows it, or None. Raises BadInput."""
        match read_message(text):
            case StateChanged(user_state):
                return await self._store(session_id, changes.hear(user_state, self._clock.now()))
            case Said(said):
                return await self._store(session_id, changes.say(said, self._clock.now()))
            case Answer() as answer:
                log, entry = await self._outcomes.apply(session_id, answer)
                return message_of(log.living, entry)

    async def _store(self, session_id: str, decide: Decision) -> dict[str, Any] | None:
        log = self._sessions.log(session_id)
        try:
            entry = await log.append(decide)
        except changes.NothingToDo:
            return None
        self._sessions.keep(log)
        return message_of(log.living, entry)
