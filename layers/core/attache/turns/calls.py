"""The tool calls of a step: run at once, recorded before they may change anything, each with a result."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence

from attache.errors import Unavailable
from attache.sessions.blobs import Blobs
from attache.sessions.entries import Call, CallAsked, CallResult, Result
from attache.sessions.events import parsed
from attache.sessions.view import OpenCall
from attache.tools.tool import CallContext, ToolCall, ToolResult, Toolset
from attache.turns.outcomes import ask_first, result_of, without_answer
from attache.turns.recorder import Recorder

logger = logging.getLogger(__name__)


class Calls:
    """Runs the open calls of the running turn's last step."""

    def __init__(self, recorder: Recorder, toolset: Toolset, blobs: Blobs, context: Callable[[], CallContext]) -> None:
        self._recorder = recorder
        self._toolset = toolset
        self._blobs = blobs
        self._context = context
        self._safe = {spec.name for spec in toolset.specs if spec.safe}
        self.sent: set[str] = set()

    async def run(self, calls: Sequence[OpenCall], unknown: Iterable[CallResult], asked: Iterable[CallAsked]) -> None:
        """Run all at once. `unknown` are this turn's results of unknown outcome, `asked` its earlier calls."""
        lost = {result.call_id for result in unknown}
        again = {_same(call) for call in asked if call.call_id in lost}
        await self._recorder.beside_tools(_all(self._one(call, again) for call in calls))

    async def _one(self, call: OpenCall, again: set[str]) -> None:
        result = await self._result(call, again)
        await self._recorder.append(lambda _: Result(result))

    async def _result(self, call: OpenCall, again: set[str]) -> CallResult:
        asked = call.asked
        if call.recorded:
            return without_answer(asked, "outcome_unknown")
        wanted = ToolCall(asked.call_id, asked.name, asked.arguments)
        refusal = self._toolset.check(wanted)
        if refusal is None and asked.name not in self._safe and _same(asked) in again:
            refusal = ask_first(asked)
        result = refusal or await self._send(wanted)
        return result_of(asked, result, whole=await self._kept(asked.call_id, result.whole))

    async def _kept(self, call_id: str, whole: str | None) -> bool:
        """Keep what is too long for the log. A part that the model can go on with is worth more than a failed turn."""
        if whole is None:
            return False
        log = self._recorder.log
        try:
            await self._blobs.put(log.session_id, log.living.tag, call_id, whole)
        except Unavailable:
            logger.warning("a long result was not kept whole", extra={"session": log.tag})
            return False
        return True

    async def _send(self, call: ToolCall) -> ToolResult:
        if call.name not in self._safe:
            await self._recorder.append(lambda _: Call(call.call_id))
        await self._recorder.fresh()
        self.sent.add(call.call_id)
        return await self._toolset.run(call, self._context())


def _same(call: CallAsked) -> str:
    """Equal for calls of the same tool with the same arguments, however they are written."""
    return json.dumps([call.name, parsed(call.arguments)], sort_keys=True)


async def _all(works: Iterable[Coroutine[object, object, None]]) -> None:
    """All of them together; the first failure cancels the others and is raised as it is."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
