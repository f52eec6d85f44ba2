"""What the bench counts: pieces of work as clients make them, each on a tally of its own."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from math import ceil

from attache.clock import Clock
from attache.sessions.entries import End, User
from attache.sessions.log import Wanted
from attache.sessions.updates import Channel, Updates
from attache.turns.recorder import Nobody, Recorder
from attache.turns.timings import DEFAULT
from attache.turns.wakeups import Summarize
from attache_local.example import APP
from tests.bench.containers import Container, House, working
from tests.bench.histories import RECORD, History, prose, write
from tests.bench.tally import Tally, counting
from tests.fakes.clock import FakeClock
from tests.fakes.models import FakeModels, Says, Step, asks, says

MESSAGE = "What is the price of ETH, and what would ten of them come to?"
LENGTH = 3_000  # characters: "answer up to 3 KB" (session-log.md, "What it costs")
DELTAS = 180
BEFORE_FIRST = 1.0
SECONDS = 10.0
POLLS = 20
BRIEF = says("It is 3,120 dollars; ten come to 31,200.")
TWO_TOOLS = asks(
    ("GetTokenPrice", '{"symbol": "ETH"}'),
    ("ExecuteTrade", '{"userId": "u1", "symbol": "ETH", "side": "buy", "amount": 1}'),
)


def paced(seconds: float = SECONDS, length: int = LENGTH) -> Says:
    """An answer that takes `seconds`, the first of them silent, as a provider streams it."""
    text, each = prose(length), -(-length // DELTAS)
    deltas = [text[start : start + each] for start in range(0, length, each)]
    pause = (seconds - BEFORE_FIRST) / len(deltas)
    steps: list[Step] = [BEFORE_FIRST, *(step for delta in deltas for step in (delta, pause))]
    return says(*steps)


@dataclass(frozen=True)
class Bench:
    """Runs scenarios in one house. A container that is `warm` knows the session, others know app and key alone."""

    house: House

    async def session(self, history: History) -> str:
        """A new session with that history, under the example app."""
        return await write(self.house.aws, self.house.settings.sessions_table, history, APP, Clock().now())

    async def turn(self, session_id: str | None, *answers: Says, warm: bool = False) -> Tally:
        """A streamed turn; None is a session that begins with it."""
        container = await self.house.used("chat", FakeModels([BRIEF, *answers] if warm else answers))
        session_id = session_id or str(uuid.uuid4())
        if warm:
            await container.chat(session_id, MESSAGE)
        with counting() as tally:
            await container.chat(session_id, MESSAGE)
        return tally

    async def turn_in_a_new_container(self, session_id: str) -> Tally:
        container = self.house.container("chat", FakeModels([BRIEF]))
        with counting() as tally:
            await container.chat(session_id, MESSAGE)
        return tally

    async def turn_by_a_worker(self, session_id: str, answer: Says) -> Tally:
        """A turn in the snapshot dialect; its guards are brought when it has ended."""
        chat, worker = await self.house.used("chat"), await self.house.used("turns", FakeModels([answer]))
        with counting() as tally:
            async with working(tally, worker) as guards:
                await chat.chat(session_id, MESSAGE, snapshot=True)
            for guard in guards:
                await worker.work(guard, tally)
        return tally

    async def guard(self, session_id: str, answer: Says = BRIEF) -> Tally:
        """A guard that finds its turn ended, in a worker that has not seen the session."""
        worker, turn = await self.house.used("turns"), await self.turn(session_id, answer)
        with counting() as tally:
            await worker.work(turn.sent.get_nowait(), tally)
        return tally

    async def summary(self, history: History) -> Tally:
        """The job of a new session with a full window, in a worker that has not seen it."""
        session_id = await self.session(history)
        worker = await self.house.used("turns", FakeModels([says(prose(RECORD))]))
        tag = (await worker.services.sessions.head(session_id)).tag
        with counting() as tally:
            await worker.work(Summarize(session_id=session_id, tag=tag).model_dump_json(), tally)
        return tally

    async def poll(self, session_id: str, *, warm: bool, etag: bool) -> Tally:
        """A poll of an idle session; without `etag` it takes the whole snapshot."""
        state, other = await self.house.used("state"), await self.house.used("state")
        first = await (state if warm else other).ask("GET", "/api/state", session_id)
        headers = {"If-None-Match": first.headers["etag"]} if etag else {}
        with counting() as tally:
            answer = await state.ask("GET", "/api/state", session_id, headers=headers)
        assert answer.status_code == (304 if etag else 200)
        return tally

    async def polls(self, session_id: str) -> Tally:
        """Polls of a session while a turn of ten seconds runs in it, from its beginning to its end. Time is virtual."""
        clock, etag = FakeClock(Clock().now()), ""
        runner, state = self.house.container("chat", clock=clock), await self.house.used("state", clock=clock)
        running = self._running(runner, session_id, clock)
        tally = Tally()
        async for _ in running:
            with counting(tally):
                answer = await state.ask("GET", "/api/state", session_id, headers={"If-None-Match": etag})
            etag = answer.headers.get("etag", "")
        return tally

    async def poll_of_a_running_turn(self, session_id: str) -> Tally:
        """A poll that finds nothing new while a turn runs, by a container that has not seen the session."""
        clock = FakeClock(Clock().now())
        state, other = [await self.house.used("state", clock=clock) for _ in range(2)]
        running = self._running(self.house.container("chat", clock=clock), session_id, clock)
        await anext(running)
        first = await other.ask("GET", "/api/state", session_id)
        with counting() as tally:
            answer = await state.ask("GET", "/api/state", session_id, headers={"If-None-Match": first.headers["etag"]})
        assert answer.status_code == 304
        return tally

    async def _running(self, container: Container, session_id: str, clock: FakeClock) -> AsyncIterator[None]:
        """A turn whose answer is stored as its runner stores it; each poll comes in between."""
        log = container.services.sessions.log(session_id)
        await log.read()
        user = await log.append(lambda log: Wanted(User(MESSAGE, runner=log.writer, streamed=True)))
        recorder = Recorder(log, user.number, Nobody(), clock=clock, timings=DEFAULT, deadline=None)
        text, looks = prose(LENGTH), int(SECONDS / DEFAULT.look)
        silent = int(BEFORE_FIRST / DEFAULT.look)
        each = ceil(LENGTH / (looks - silent))
        for look in range(looks):
            clock.forward(DEFAULT.look)
            if look >= silent:
                recorder.said(text[(look - silent) * each :][:each])
            await recorder.go_on()
            if (look + 1) % (looks // POLLS) == 0:
                yield
        await recorder.end(lambda running: End("done", running.text, running.pieces))

    async def interrupt(self, session_id: str, after: float = 2.0) -> Tally:
        """An interrupt of a turn that streams elsewhere; what its runner asks for is not counted."""
        chat, other = await self.house.used("chat", FakeModels([paced()])), await self.house.used("interrupt")
        turn = asyncio.create_task(chat.chat(session_id, MESSAGE))
        await asyncio.sleep(after)
        with counting() as tally:
            answer = await other.ask("POST", "/api/interrupt", session_id)
        assert answer.json()["interrupted"]
        await turn
        return tally

    async def opening(self, session_id: str) -> Tally:
        """An update channel that is opened by a container which does not know the session."""
        container = self.house.container("updates")
        with counting() as tally:
            events = await container.services.updates.stream(session_id)
            await anext(events)
        await events.aclose()
        return tally

    async def idle_minute(self, session_id: str) -> Tally:
        """A quiet minute of an update channel, its opening left out. Time is virtual."""
        clock = FakeClock(Clock().now())
        sessions = self.house.container("updates", clock=clock).services.sessions
        events = await Updates(sessions, clock, Channel(quiet=60.0)).stream(session_id)
        await anext(events)
        with counting() as tally:
            assert [event async for event in events] == []
        return tally
