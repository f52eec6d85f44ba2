"""The tool calls of a step: run in parallel, recorded before they may change anything, each with a result."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence

from attache.sessions.blobs import Blobs
from attache.sessions.entries import Call, CallAsked, CallResult, Pending, Result
from attache.sessions.long_results import keep_whole
from attache.sessions.shown_results import parsed
from attache.sessions.view import OpenCall
from attache.tools.tool import CallContext, Request, ToolCall, ToolResult, Toolset
from attache.turns.answering import has_pending
from attache.turns.outcomes import ask_first, result_of, without_answer
from attache.turns.pending import MOST_PENDING, recorded
from attache.turns.recorder import Recorder
from attache.turns.tool_jobs import Start, ToolJobs

logger = logging.getLogger(__name__)


class Calls:
    """Runs the open calls of the running turn's last step."""

    def __init__(
        self, recorder: Recorder, toolset: Toolset, blobs: Blobs, jobs: ToolJobs, context: Callable[[str], CallContext]
    ) -> None:
        """`context` returns the context of a call, given its id."""
        self._recorder = recorder
        self._toolset = toolset
        self._blobs = blobs
        self._jobs = jobs
        self._context = context
        self._specs = {spec.name: spec for spec in toolset.specs}
        self.sent: set[str] = set()

    async def run(self, calls: Sequence[OpenCall], unknown: Iterable[CallResult], asked: Iterable[CallAsked]) -> None:
        """Run all of them. `unknown`: this turn's results of unknown outcome; `asked`: its earlier calls."""
        lost = {result.call_id for result in unknown}
        again = {_same(call) for call in asked if call.call_id in lost}
        await self._recorder.beside_tools(_all(self._one(call, again) for call in calls))

    async def _one(self, call: OpenCall, again: set[str]) -> None:
        asked = call.asked
        if call.recorded:
            await self._recorder.append(lambda _: Result(without_answer(asked, "outcome_unknown")))
            return
        came = await self._run(asked, again)
        whole = await keep_whole(self._blobs, self._recorder.log, asked.call_id, came.whole)
        result = result_of(asked, came, whole=whole)
        if came.request is None:
            await self._recorder.append(lambda _: Result(result))
        else:
            await self._wait_for(came.request, asked, result)

    async def _run(self, asked: CallAsked, again: set[str]) -> ToolResult:
        wanted = ToolCall(asked.call_id, asked.name, asked.arguments)
        refusal = self._toolset.check(wanted)
        if refusal is None and not self._changes_nothing(wanted) and _same(asked) in again:
            refusal = ask_first(asked)
        return refusal or await self._send(wanted)

    async def _wait_for(self, request: Request, asked: CallAsked, result: CallResult) -> None:
        if request.kind == "steps":
            # before the append: if the process ends right after it, the tool worker still finds the call
            start = Start(session_id=self._recorder.log.session_id, call_id=asked.call_id)
            await self._jobs.send(start, delay=1)
        context = self._context(asked.call_id)
        pending = Pending(request.kind, asked, asked.call_id, key=context.key, client_id=context.client_id)
        await self._make_room()
        await self._recorder.record(lambda log: recorded(log, result, pending, request))

    async def _make_room(self) -> None:
        """Where much is pending, read back to all of it: what has expired unanswered does not count."""
        log = self._recorder.log
        if len(log.pending) >= MOST_PENDING:
            await log.reach_back(lambda entries: has_pending(log, entries))

    async def _send(self, call: ToolCall) -> ToolResult:
        if not self._changes_nothing(call):
            await self._recorder.append(lambda _: Call(call.call_id))
        await self._recorder.fresh()
        self.sent.add(call.call_id)
        return await self._toolset.run(call, self._context(call.call_id))

    def _changes_nothing(self, call: ToolCall) -> bool:
        """Whether running the call can change anything; one that only asks for approval cannot."""
        spec = self._specs[call.name]
        return spec.safe or (spec.confirm and not self._context(call.call_id).approved)


def _same(call: CallAsked) -> str:
    """A key that is equal for calls of one tool with the same arguments, however they are written."""
    return json.dumps([call.name, parsed(call.arguments)], sort_keys=True)


async def _all(works: Iterable[Coroutine[object, object, None]]) -> None:
    """Run all together; the first failure cancels the others and is raised unchanged."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
