"""Naming a conversation after its first answer: a job on the turns queue that nothing depends on."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from attache.errors import AttacheError
from attache.sessions.changes import NothingToDo, is_unnamed, name
from attache.sessions.head import Gist
from attache.sessions.log import SessionLog
from attache.sessions.sessions import Sessions
from attache.sessions.table import FIRST_LOOK
from attache.turns.contexts import TurnContexts
from attache.turns.short_answers import beginning
from attache.turns.timings import Timings
from attache.turns.titles import MOST_READ, Exchange, first_exchange, first_words, gist_of, title_of, title_request
from attache.usage.usage import Spender

logger = logging.getLogger(__name__)


class Namer:
    """Gives titles to sessions that nobody has named."""

    def __init__(self, sessions: Sessions, contexts: TurnContexts, timings: Timings) -> None:
        self._sessions = sessions
        self._contexts = contexts
        self._timings = timings

    async def name(self, session_id: str, tag: str) -> None:
        """Name the session `tag`; does nothing if it is gone or was named meanwhile. Raises Unavailable."""
        log = self._sessions.log(session_id)
        await log.read(FIRST_LOOK)
        if not is_unnamed(log.head, tag):
            return
        born = log.living.born
        await log.reach_back(lambda entries: bool(entries) and entries[0].number <= born)
        exchange = first_exchange(log.entries)
        if exchange is None:
            return
        title, gist = await self._title(log, exchange), Gist(gist_of(exchange), exchange.at)
        if title:
            with suppress(NothingToDo):
                await log.append(name(tag, title, gist))
        self._sessions.keep(log)

    async def _title(self, log: SessionLog, exchange: Exchange) -> str:
        """The model's title, or the first words of the message if it has none."""
        try:
            async with asyncio.timeout(self._timings.title):
                return await self._asked(log, exchange) or first_words(exchange.message.message)
        except (AttacheError, TimeoutError) as error:
            logger.warning("no model named a session: %s", type(error).__name__, extra={"tag": log.tag})
            return first_words(exchange.message.message)

    async def _asked(self, log: SessionLog, exchange: Exchange) -> str:
        context, message = await self._contexts.of_session(log.living), exchange.message
        models = context.models(Spender(context.app.name, log.session_id, message.key, message.client_id))
        request = title_request(context.app.models.title or context.model, exchange)
        try:
            return title_of(await beginning(models, request, MOST_READ))
        finally:
            await context.settled()
