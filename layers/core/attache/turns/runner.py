"""One runner at one turn: ask the model, run the tools it asks for, until it has answered.

It begins wherever the log stands: resuming a turn and beginning one is the same code (design, "A turn").
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import replace

from attache.errors import Unavailable
from attache.models.model import Completion, ModelFailed
from attache.sessions.entries import (
    Agent,
    CallAsked,
    CallResult,
    End,
    Failure,
    OutcomeOf,
    TurnStatus,
    TurnUsage,
    User,
    approved_by,
)
from attache.sessions.history import TurnMade, conversation
from attache.sessions.view import Running
from attache.tools.tool import CallContext
from attache.turns.asking import CUT, Asking
from attache.turns.calls import Calls
from attache.turns.contexts import TurnContext
from attache.turns.outcomes import left_open
from attache.turns.recorder import Recorder
from attache.turns.spending import spent
from attache.turns.stops import Fenced, HandOver, Interrupted, TookTooLong
from attache.turns.successors import have_first_answer_named, have_older_turns_summarized, wake_waiting
from attache.turns.timings import Timings
from attache.turns.unasked import is_too_far_from_the_user
from attache.turns.window import reach_window
from attache.usage.usage import Spender

logger = logging.getLogger(__name__)

TOO_LONG = Failure("internal", "This took longer than an answer may take. Ask again, perhaps for less at once.", True)
BROKEN = Failure("internal", "Something went wrong on our side while answering. Try again.", True)


class TurnRunner:
    """Runs the turn that its recorder has taken, until it ends or the runner must stop."""

    def __init__(self, recorder: Recorder, context: TurnContext, timings: Timings) -> None:
        self._recorder = recorder
        self._context = context
        self._timings = timings
        self._asking = Asking(recorder, context, self._spender)
        self._calls = Calls(recorder, context.toolset, context.blobs, context.tool_jobs, self._call_context)
        self._far = False

    async def run(self) -> None:
        """Return when the turn has ended, was handed over or lost; usage and wake-ups are written by then.

        Raises Unavailable if the log could not be written: the turn's guard then takes over.
        """
        try:
            await self._until_stopped()
        except Fenced:
            logger.info("a turn was taken over", extra={"tag": self._recorder.log.tag})
        finally:
            await self._context.settled()

    async def _until_stopped(self) -> None:
        try:
            await self._to_the_end()
        except Interrupted:
            await self._end_as("interrupted", None)
        except ModelFailed as failure:
            await self._fail(Failure(failure.code, failure.message, failure.retryable))
        except TookTooLong:
            await self._fail(TOO_LONG)
        except HandOver:
            await self._hand_over()
        except (Fenced, Unavailable):
            raise
        except Exception:
            logger.exception("a turn failed", extra={"tag": self._recorder.log.tag})
            await self._fail(BROKEN)

    async def _to_the_end(self) -> None:
        self._recorder.check()
        log = self._recorder.log
        await reach_window(log)
        await log.reach_back(lambda _: self._cause_is_at_hand())
        self._far = await is_too_far_from_the_user(log, self._recorder.turn)
        await self._recorder.close_text()
        await self._take_up_approved()
        await self._run_calls()
        completion = await self._next_answer()
        while completion.calls:
            await self._step(completion)
            await self._run_calls()
            completion = await self._next_answer()
        await self._end_with(completion)

    async def _take_up_approved(self) -> None:
        """A call that the user approved is the first step of the turn that the approval began."""
        approved = self._approved
        if approved is not None and self._recorder.running.steps == 0:
            await self._recorder.append(lambda _: Agent("", (approved,)))

    async def _next_answer(self) -> Completion:
        """The model's next step; one without calls after the app's last step, or too far from the user."""
        if self._recorder.running.steps < self._context.app.max_steps and not self._far:
            return await self._asking.answer()
        return replace(await self._asking.answer(last=True), calls=())

    async def _step(self, completion: Completion) -> None:
        # our own ids: some providers number the calls of each answer from zero
        asked = tuple(
            CallAsked(f"call_{secrets.token_hex(12)}", call.name, call.arguments) for call in completion.calls
        )
        rest, usage = self._recorder.unstored.text, self._asking.usage()
        await self._recorder.append(
            lambda turn: Agent(turn.text + rest, asked, turn.pieces, completion.opaque, usage=usage)
        )
        self._recorder.unstored.text = ""

    async def _run_calls(self) -> None:
        calls = self._recorder.running.open_calls
        if calls:
            self._recorder.in_time()
            turn = self._so_far()
            results = [result for step in turn.steps for _, result in step.results.values()]
            unknown = [result for result in results if result.outcome == "outcome_unknown"]
            await self._calls.run(calls, unknown, [call for step in turn.steps for call in step.calls])

    async def _end_with(self, completion: Completion) -> None:
        rest, usage = self._recorder.unstored.text, self._spent()
        notice = CUT[completion.truncated] if completion.truncated else None

        def end(turn: Running) -> End:
            return End("done", turn.text + rest, turn.pieces, completion.opaque, usage=usage, notice=notice)

        await self._end(end)

    async def _fail(self, failure: Failure) -> None:
        try:
            await self._end_as("failed", failure)
        except Interrupted:
            await self._end_as("interrupted", None)

    async def _end_as(self, status: TurnStatus, failure: Failure | None) -> None:
        """End the turn as it stands: shown text is kept, and every open call gets a result."""
        rest, usage = self._recorder.unstored.text, self._spent()

        def end(turn: Running) -> End:
            return End(
                status, turn.text + rest, turn.pieces, results=self._left_open(turn), usage=usage, failure=failure
            )

        await self._end(end, though_interrupted=status == "interrupted")

    async def _end(self, make: Callable[[Running], End], *, though_interrupted: bool = False) -> None:
        app, began = self._context.app.name, self._recorder.running.began
        status, at = await self._recorder.end(make, though_interrupted=though_interrupted)
        self._context.meter.turn(app, status, at - began)
        await self._ended()

    def _spent(self) -> TurnUsage | None:
        return spent(self._recorder.log, self._recorder.turn, self._asking.usage())

    def _left_open(self, turn: Running) -> tuple[CallResult, ...]:
        return left_open(self._recorder.log, turn, self._calls.sent)

    async def _ended(self) -> None:
        """What follows from the end is done before the last byte, since nothing runs after it."""
        log, context, wakeups = self._recorder.log, self._context, self._context.wakeups
        await asyncio.gather(
            log.settle(),
            wake_waiting(log, wakeups, self._timings),
            have_first_answer_named(log, wakeups),
            have_older_turns_summarized(log, wakeups, context.blocks, crowded=self._asking.crowded),
        )

    async def _hand_over(self) -> None:
        try:
            await self._recorder.close_text(self._asking.usage())
        except Interrupted:
            await self._end_as("interrupted", None)
            return
        await self._context.wakeups.hand_over(self._recorder.log.session_id, self._recorder.log.writer)

    def _cause_is_at_hand(self) -> bool:
        return self._recorder.log.entry(self._recorder.turn) is not None

    def _so_far(self) -> TurnMade:
        parts = [part for part in conversation(self._recorder.log.entries) if isinstance(part, TurnMade)]
        return next(part for part in reversed(parts) if part.cause.number == self._recorder.turn)

    def _call_context(self, call_id: str) -> CallContext:
        key, client_id = (self._cause.key, self._cause.client_id) if self._cause else (None, None)
        approved = self._approved is not None and self._approved.call_id == call_id
        return CallContext(self._context.app.name, self._recorder.log.session_id, client_id, key, approved)

    def _spender(self) -> Spender:
        key, client_id = (self._cause.key, self._cause.client_id) if self._cause else (None, None)
        return Spender(self._context.app.name, self._recorder.log.session_id, key, client_id)

    @property
    def _cause(self) -> User | OutcomeOf | None:
        """What the turn answers: a message, or the outcome of something that was pending."""
        cause = self._recorder.log.entry(self._recorder.turn)
        return cause.body if cause and isinstance(cause.body, User | OutcomeOf) else None

    @property
    def _approved(self) -> CallAsked | None:
        return approved_by(self._cause) if self._cause else None
