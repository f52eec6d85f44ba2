"""Asking the model for the next step of a turn, and streaming its text."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

from attache.models.model import Completion, Limit, Message, ModelFailed, ModelRequest, ModelUsage
from attache.models.window import Windows
from attache.sessions.entries import TurnUsage
from attache.sessions.wallet_requests import shown
from attache.turns.contexts import TurnContext
from attache.turns.fitting import fitted
from attache.turns.prompt import Prompt, prompt
from attache.turns.recorder import Recorder
from attache.turns.spending import summed
from attache.usage.usage import Spender

logger = logging.getLogger(__name__)

MOST_CHARACTERS = 60_000  # in a step's text, and in its calls' arguments: an entry holds 300 KB
MOST_CALLS = 64
TRIES = 2  # of one step, if its answer breaks off after the first words
CUT: Mapping[Limit, str] = {
    "tokens": "The answer was cut: it reached the model's limit of tokens for an answer. Ask to go on to get the rest.",
    "characters": (
        f"The answer was cut: it reached {MOST_CHARACTERS:,} characters, our limit for an answer. Ask to go on to get "
        "the rest."
    ),
}


class Asking:
    """The model calls of one runner for one turn; `spender` pays for them."""

    def __init__(self, recorder: Recorder, context: TurnContext, spender: Callable[[], Spender]) -> None:
        self._recorder = recorder
        self._context = context
        self._spender = spender
        self._taken: list[ModelUsage] = []
        self._answered_by = context.model
        self._spoke = False
        self.crowded = False
        self._earlier: str | None = None

    async def answer(self, *, last: bool = False) -> Completion:
        """Ask for the next step; when this returns, its text has gone to the recorder. `last`: without tools.

        An answer that breaks off is kept as a step of its own, and the model is asked to continue. Raises ModelFailed.
        """
        for _ in range(TRIES - 1):
            try:
                return await self._once(last)
            except ModelFailed as failure:
                if not failure.retryable or not self._begun():
                    raise
                await self._recorder.close_text(self.usage())
        return await self._once(last)

    def usage(self) -> TurnUsage:
        """Tokens of all calls together, and the model that answered last, which may be the app's fallback."""
        return TurnUsage(
            self._answered_by,
            summed(usage.input_tokens for usage in self._taken),
            summed(usage.output_tokens for usage in self._taken),
        )

    async def _once(self, last: bool) -> Completion:
        try:
            completion = await self._streamed(await self._recorder.beside_model(self._request(last)))
        except ModelFailed as failure:
            logger.warning(
                "a model failed: %s (%s)", failure.code, failure.detail, extra={"tag": self._recorder.log.tag}
            )
            self._taken += [failure.usage] if failure.usage else []
            raise
        self._taken.append(completion.usage)
        self._answered_by = completion.model or self._context.model
        return completion

    async def _streamed(self, request: ModelRequest) -> Completion:
        async with aclosing(self._context.models(self._spender()).stream(request)) as events:
            while True:
                event = await self._recorder.beside_model(anext(events))
                if isinstance(event, Completion):
                    return _bounded(event)
                self._said(event.text)
                await self._recorder.go_on()
                if self._recorder.length > MOST_CHARACTERS:
                    return Completion(usage=ModelUsage(partial=True), truncated="characters")

    def _said(self, text: str) -> None:
        if not self._spoke and not self._recorder.resumed:
            self._context.meter.first_token(self._context.app.name, self._recorder.age)
        self._spoke = True
        self._recorder.said(text)

    async def _request(self, last: bool) -> ModelRequest:
        log, context, tools = self._recorder.log, self._context, self._context.toolset.specs
        if self._earlier is None:  # once a turn
            self._earlier = await context.earlier()
        known = log.known
        asked = prompt(context.app, log.entries, shown(log.user_state), known.summary, earlier=self._earlier, last=last)
        request = ModelRequest(context.model, asked.messages, tools, allow_calls=not last)
        return await self._fitted(request, asked, context.windows) if context.windows is not None else request

    async def _fitted(self, request: ModelRequest, asked: Prompt, windows: Windows) -> ModelRequest:
        fits = await fitted(asked, request.tools, request.model, windows)
        self.crowded = fits.crowded

        async def messages_for(model: str) -> Sequence[Message]:
            return (await fitted(fits, request.tools, model, windows)).messages

        return replace(request, messages=fits.messages, messages_for=messages_for)

    def _begun(self) -> bool:
        return bool(self._recorder.unstored.text or self._recorder.running.text)


def _bounded(completion: Completion) -> Completion:
    """Raises ModelFailed if the step would not fit into an entry."""
    size = sum(len(call.name) + len(call.arguments) for call in completion.calls)
    if size > MOST_CHARACTERS or len(completion.calls) > MOST_CALLS:
        words = "The model wanted to do more at once than is possible. Ask for less, or for one thing after the other."
        raise ModelFailed(words, code="too_large", retryable=False, usage=completion.usage)
    return completion
