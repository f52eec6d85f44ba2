"""The tool worker: calls that no turn waits for. A job only says look; the log says how far a call is."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from attache.apps.app import App
from attache.apps.apps import DEFAULT_APP, Apps
from attache.clock import Clock
from attache.errors import NotFound
from attache.sessions.changes import NothingToDo, notify
from attache.sessions.entries import Call, Entry, Event, Interrupt, Pending
from attache.sessions.log import SessionLog, Wanted
from attache.sessions.sessions import Sessions
from attache.tools.http_tool import HttpTool
from attache.tools.tool import CallContext, Outcome, ToolCall, ToolResult, Toolset
from attache.turns.answering import Answer, NothingPending, has_pending, pending_call
from attache.turns.outcome_keeper import OutcomeKeeper
from attache.turns.steps import poll_arguments, progress
from attache.turns.timings import Timings
from attache.turns.tool_jobs import Poll, Start, ToolJob, ToolJobs

logger = logging.getLogger(__name__)

UNKNOWN = "This call was sent, and its answer was lost: it may or may not have taken effect. Tell the user to check it."
NOT_SENT = "This could not be begun, and nothing was sent. Tell the user so; they can ask for it again."
LOST = "This was begun, and how it ended could not be found out. Tell the user to check it."
STOPPED = "The user interrupted before this was begun, and nothing was sent."
LATE = "This did not end in the time that it may take. It may still do so: tell the user to check it."
GONE = "This tool is not available any more; what it had begun may or may not be done."
NO_FIELD = "This was begun, and its answer does not say how to ask for its outcome. Tell the user to check it."


@dataclass(frozen=True)
class _Found:
    """A pending call: the entry that recorded it, what it waits for, and its tool."""

    entry: Entry
    pending: Pending
    app: App
    tool: HttpTool


class ToolWorker:
    """Does the jobs of the tool-calls queue; each may come twice, late, or for nothing.

    `operations` makes a toolset of operations of an app that run at once: none is deferred or asks for approval.
    """

    def __init__(
        self,
        sessions: Sessions,
        outcomes: OutcomeKeeper,
        apps: Apps,
        operations: Callable[[App, Sequence[HttpTool]], Toolset],
        jobs: ToolJobs,
        clock: Clock,
        timings: Timings,
    ) -> None:
        self._sessions = sessions
        self._outcomes = outcomes
        self._apps = apps
        self._operations = operations
        self._jobs = jobs
        self._clock = clock
        self._timings = timings

    async def handle(self, job: ToolJob) -> None:
        """Do a job, or find that nothing is to be done. Raises Unavailable: the queue then delivers it again."""
        log = self._sessions.log(job.session_id)
        await log.read()
        found = await self._found(log, job)
        self._sessions.keep(log)
        match job:
            case _ if found is None:
                return
            case Start():
                await self._start(log, found, job)
            case Poll():
                await self._poll(log, found, job)

    async def give_up(self, session_id: str, call_id: str) -> bool:
        """After the last try: end the call with what is known of it. Returns whether it was still pending."""
        job = Start(session_id=session_id, call_id=call_id)
        log = self._sessions.log(session_id)
        await log.read()
        await log.reach_back(lambda entries: has_pending(log, entries))
        waiting = pending_call(log, call_id)
        if waiting is None:
            return False
        if await self._append(log, job, Call(call_id)):  # claimed: nobody else will send it
            await self._end(job, "error", NOT_SENT)
        elif _claim(log, waiting[0], Call(call_id)) is None:  # an interrupt came first
            await self._end(job, "interrupted", STOPPED)
        else:
            await self._end(job, "outcome_unknown", LOST if _begun(log, job) else UNKNOWN)
        with suppress(NotFound):  # the session was deleted meanwhile
            await log.append(notify(f"{waiting[1].asked.name} could not be finished."))
        return True

    async def _found(self, log: SessionLog, job: ToolJob) -> _Found | None:
        await log.reach_back(lambda entries: has_pending(log, entries))
        waiting = pending_call(log, job.call_id)
        if waiting is None:
            running = log.view.running
            if isinstance(job, Start) and running and any(c.asked.call_id == job.call_id for c in running.open_calls):
                await self._jobs.send(
                    job, delay=self._timings.again
                )  # its turn has not recorded yet that it is pending
            return None
        try:
            app = await self._apps.get(log.living.app or DEFAULT_APP)
        except NotFound:
            app = None
        tool = next((tool for tool in app.tools if tool.name == waiting[1].asked.name), None) if app else None
        if app is None or tool is None:
            await self._end(job, "error", GONE)
            return None
        return _Found(*waiting, app, tool)

    async def _start(self, log: SessionLog, found: _Found, job: Start) -> None:
        claim = _claim(log, found.entry, Call(job.call_id))
        if claim is None:
            if _stopped(log, found.entry):
                await self._end(job, "interrupted", STOPPED)
                return
            if not await self._append(log, job, Call(job.call_id)):
                await self._jobs.send(job, delay=self._timings.again)
                return
        elif (begun := _begun(log, job)) is not None:
            await self._jobs.send(begun)
            return
        elif self._clock.now() - claim.at < (found.tool.timeout + self._timings.slack) * 1000:
            await self._jobs.send(job, delay=self._timings.again)  # somebody may be sending it now
            return
        elif not found.tool.safe:
            await self._end(job, "outcome_unknown", UNKNOWN)
            return
        asked = found.pending.asked
        call = ToolCall(asked.call_id, found.tool.name, asked.arguments)
        await self._began(log, found, job, await self._run(log, found, found.tool, call))

    async def _began(self, log: SessionLog, found: _Found, job: Start, first: ToolResult) -> None:
        steps = found.tool.steps
        now = progress(steps, first) if steps else None
        if steps is None or now is None or first.outcome != "ok" or now.state != "going on":
            await self._end(job, "error" if now and now.state == "failed" else first.outcome, first.text, first.whole)
            return
        arguments = poll_arguments(steps, first)
        if arguments is None or self._refused(found, steps.poll, arguments):
            await self._end(job, "outcome_unknown", NO_FIELD)
            return
        until = self._clock.now() + int(steps.limit * 1000)
        poll = Poll(session_id=job.session_id, call_id=job.call_id, arguments=arguments, until=until, said=now.said)
        if await self._tell(log, found, poll):
            await self._jobs.send(poll, delay=steps.interval)

    def _refused(self, found: _Found, poll: HttpTool, arguments: Mapping[str, Any]) -> bool:
        """Whether the poll can never be sent with these arguments."""
        call = ToolCall(found.pending.asked.call_id, poll.name, json.dumps(arguments))
        return self._operations(found.app, (poll,)).check(call) is not None

    async def _poll(self, log: SessionLog, found: _Found, job: Poll) -> None:
        steps = found.tool.steps
        if steps is None:
            await self._end(job, "error", GONE)
            return
        # an id of its own: an API that keeps answers by their Idempotency-Key would give the first one for ever
        call = ToolCall(f"{job.call_id}-{secrets.token_hex(4)}", steps.poll.name, json.dumps(job.arguments))
        result = await self._run(log, found, steps.poll, call)
        now = progress(steps, result)
        if now.state != "going on":
            await self._end(job, "ok" if now.state == "done" else "error", result.text, result.whole)
        elif self._clock.now() >= job.until:
            await self._end(
                job, "timed_out", json.dumps({"outcome": "timed_out", "message": LATE, "last": result.text})
            )
        else:
            following = job.model_copy(update={"said": now.said or job.said})
            if following.said == job.said or await self._tell(log, found, following):
                await self._jobs.send(following, delay=steps.interval)

    async def _run(self, log: SessionLog, found: _Found, tool: HttpTool, call: ToolCall) -> ToolResult:
        """Send one of the requests of a pending call."""
        context = CallContext(found.app.name, log.session_id, found.pending.client_id, found.pending.key)
        return await self._operations(found.app, (tool,)).run(call, context)

    async def _tell(self, log: SessionLog, found: _Found, poll: Poll) -> bool:
        """Record the progress and the next poll, unless a repeated job did; returns whether the call is pending."""
        data = {"call_id": poll.call_id, "name": found.tool.name, "message": poll.said, "poll": poll.model_dump()}
        return await self._append(log, poll, Event("progress", data)) or pending_call(log, poll.call_id) is not None

    async def _append(self, log: SessionLog, job: ToolJob, body: Call | Event) -> bool:
        """Append to the log of a call that is still pending; returns whether it was appended.

        A progress is appended if it was not told last; a claim of the call, if nobody claimed or interrupted it.
        """

        def decide(log: SessionLog) -> Wanted:
            waiting = pending_call(log, job.call_id)
            if waiting is None:
                raise NothingToDo
            if isinstance(body, Call) and (_claim(log, waiting[0], body) or _stopped(log, waiting[0])):
                raise NothingToDo
            if isinstance(job, Poll) and isinstance(body, Event) and _said(log, job) == job.said:
                raise NothingToDo
            return Wanted(body)

        try:
            await log.append(decide)
        except NothingToDo:
            return False
        return True

    async def _end(self, job: ToolJob, outcome: Outcome, text: str, whole: str | None = None) -> None:
        try:
            await self._outcomes.apply(job.session_id, Answer("steps", (job.call_id,), outcome, text, whole))
        except NothingPending:
            logger.info("an outcome came again, or too late")


def _claim(log: SessionLog, since: Entry, call: Call) -> Entry | None:
    """The entry that claims the call: somebody is sending it."""
    return next((entry for entry in log.entries if entry.number > since.number and entry.body == call), None)


def _stopped(log: SessionLog, since: Entry) -> bool:
    """Whether the user has interrupted since the call is pending: no tool starts after that (contract, "Interrupt")."""
    return any(entry.number > since.number and isinstance(entry.body, Interrupt) for entry in log.entries)


def _said(log: SessionLog, job: ToolJob) -> str | None:
    """The progress that was told last, or None."""
    told = _begun(log, job)
    return told.said if told else None


def _begun(log: SessionLog, job: ToolJob) -> Poll | None:
    """The poll for the call's outcome, if its first answer has come."""
    told = [e.body.data for e in log.entries if isinstance(e.body, Event) and e.body.what == "progress"]
    polls = [data["poll"] for data in told if data["call_id"] == job.call_id]
    return Poll.model_validate(polls[-1]) if polls else None
