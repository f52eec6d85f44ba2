"""Summarising older turns: a job on the turns queue. Without it a conversation only remembers less."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from attache.errors import NotFound
from attache.models.model import ModelFailed
from attache.sessions.entries import OutcomeOf, User
from attache.sessions.head import Gist
from attache.sessions.history import Part, TurnMade
from attache.sessions.log import SessionLog
from attache.sessions.sessions import Sessions
from attache.sessions.summary import MOST_BYTES
from attache.sessions.table import FIRST_LOOK
from attache.turns.contexts import TurnContext, TurnContexts
from attache.turns.fitting import ALWAYS, measured
from attache.turns.prompt import Prompt, told
from attache.turns.short_answers import beginning
from attache.turns.summaries import (
    MOST_SHOWN,
    Leaving,
    is_full,
    kept_of,
    leaving,
    summary_of,
    summary_request,
)
from attache.turns.timings import Timings
from attache.turns.titles import MOST_GIST, bounded, plain
from attache.turns.wakeups import Summarize
from attache.turns.window import reach_summary, unsummarized
from attache.usage.usage import Spender

logger = logging.getLogger(__name__)


class Summarizer:
    """Summarises the turns that leave sessions' windows, one block at a time."""

    def __init__(self, sessions: Sessions, contexts: TurnContexts, timings: Timings) -> None:
        self._sessions = sessions
        self._contexts = contexts
        self._timings = timings

    async def summarize(self, job: Summarize) -> None:
        """Summarise the session's next block, unless it is gone or another job did. Raises Unavailable.

        If the model has no answer, it is asked again a few times; after that, the end of the next turn sends another
        job.
        """
        log = self._sessions.log(job.session_id)
        await log.read(FIRST_LOOK)
        if log.head is None or log.head.tag != job.tag:
            return
        await reach_summary(log)
        try:
            context = await self._contexts.of_session(log.living)
        except NotFound:
            return
        parts = unsummarized(log.entries, log.known.summary)
        block = await self._block(parts, context)
        if block is not None:
            await self._keep(log, job, context, block, _spender(log, context, parts))
        self._sessions.keep(log)

    async def _block(self, parts: Sequence[Part], context: TurnContext) -> Leaving | None:
        """What leaves the window now; None if there is still room."""
        blocks = context.blocks
        kept = kept_of(parts, blocks) if is_full(parts, blocks) else len(parts)
        if context.windows is not None:
            prompt = Prompt((), told(parts))
            sizes = await measured(prompt, context.toolset.specs, context.model, context.windows)
            if sizes is not None and sizes.crowded:
                kept = min(kept, max(sizes.newest(blocks.share), 1))
        return leaving(parts, kept)

    async def _keep(
        self, log: SessionLog, job: Summarize, context: TurnContext, block: Leaving, spender: Spender
    ) -> None:
        try:
            text = await self._text(log, context, block, spender)
            await log.keep_summary(block.upto, text)
            await _tell(log, block, text)
        except (ModelFailed, TimeoutError) as error:
            logger.warning("no model summarised a session: %s", _what(error), extra={"tag": log.tag})
            if not isinstance(error, ModelFailed) or error.retryable:
                await self._again(job)

    async def _again(self, job: Summarize) -> None:
        if job.tries < len(self._timings.summary_again):
            delay = self._timings.summary_again[job.tries]
            await self._contexts.wakeups.summarize(job.session_id, job.tag, delay=delay, tries=job.tries + 1)

    async def _text(self, log: SessionLog, context: TurnContext, block: Leaving, spender: Spender) -> str:
        """The model's summary. Raises ModelFailed, TimeoutError."""
        model = context.app.models.title or context.model
        request = summary_request(model, log.known.summary, told(block.parts), await _room(context, model))
        try:
            async with asyncio.timeout(self._timings.summary):
                text = summary_of(await beginning(context.models(spender), request, MOST_BYTES))
        finally:
            await context.settled()
        if not text:
            raise ModelFailed("It said nothing.", code="internal", retryable=True, detail="an empty answer")
        return text


async def _tell(log: SessionLog, block: Leaving, text: str) -> None:
    """Store the beginning of the summary as the session's gist, which the owner's other sessions are shown."""
    upto = log.entry(block.upto)
    if log.living.owner is not None and upto is not None:
        await log.tell(Gist(bounded(plain(text), MOST_GIST), upto.at))


def _spender(log: SessionLog, context: TurnContext, parts: Sequence[Part]) -> Spender:
    """Whoever asked last pays: the summary is for their next turn."""
    causes = [part.cause.body for part in parts if isinstance(part, TurnMade)]
    last = causes[-1] if causes else None
    key, client_id = (last.key, last.client_id) if isinstance(last, User | OutcomeOf) else (None, None)
    return Spender(context.app.name, log.session_id, key, client_id)


async def _room(context: TurnContext, model: str) -> int:
    """Bytes of text to show the model, so that they fit into its window: a token is at least one byte."""
    room = await context.windows.room(model) if context.windows is not None else None
    return MOST_SHOWN if room is None else max(min(MOST_SHOWN, room - ALWAYS), ALWAYS)


def _what(error: ModelFailed | TimeoutError) -> str:
    return f"{error.code} ({error.detail})" if isinstance(error, ModelFailed) else "it took too long"
