"""All scenarios, run: the paced ones side by side, those of one growing session one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from attache.turns.summaries import BLOCKS
from tests.bench.histories import History, usual
from tests.bench.scenarios import BRIEF, TWO_TOOLS, Bench, paced
from tests.bench.tally import Tally

FULL = usual(40)
SIZES = (10, 100, 1_000, 5_000)
Scenario = Callable[[Bench, str], Awaitable[Tally]]

WORK: Mapping[str, Scenario] = {
    "plain turn, cold": lambda bench, session: bench.turn(session, paced()),
    "plain turn, warm": lambda bench, session: bench.turn(session, paced(), warm=True),
    "plain turn, first of its session": lambda bench, _: bench.turn(None, paced()),
    "turn with two tools, cold": lambda bench, session: bench.turn(session, TWO_TOOLS, paced()),
    "plain turn, snapshot dialect": lambda bench, session: bench.turn_by_a_worker(session, paced()),
    "brief turn in a new container": lambda bench, session: bench.turn_in_a_new_container(session),
    "guard of an ended turn": lambda bench, session: bench.guard(session, paced()),
    "summary of older turns": lambda bench, _: bench.summary(History(BLOCKS.full)),
    "interrupt of a running turn": lambda bench, session: bench.interrupt(session),
    "20 polls while a turn runs": lambda bench, session: bench.polls(session),
    "poll that finds nothing, cold": lambda bench, session: bench.poll(session, warm=False, etag=True),
    "poll that finds nothing, warm": lambda bench, session: bench.poll(session, warm=True, etag=True),
    "poll without ETag, cold": lambda bench, session: bench.poll(session, warm=False, etag=False),
    "poll without ETag, warm": lambda bench, session: bench.poll(session, warm=True, etag=False),
    "updates, opened": lambda bench, session: bench.opening(session),
    "updates, an idle minute": lambda bench, session: bench.idle_minute(session),
}

GROWTH: Mapping[str, Scenario] = {
    "poll that finds nothing": lambda bench, session: bench.poll(session, warm=False, etag=True),
    "updates, opened": lambda bench, session: bench.opening(session),
    "turn, cold": lambda bench, session: bench.turn(session, BRIEF),
    "turn, warm": lambda bench, session: bench.turn(session, BRIEF, warm=True),
    "guard of an ended turn": lambda bench, session: bench.guard(session),
    "snapshot: poll without ETag, cold": lambda bench, session: bench.poll(session, warm=False, etag=False),
    "snapshot: poll without ETag, warm": lambda bench, session: bench.poll(session, warm=True, etag=False),
    "snapshot: interrupt": lambda bench, session: bench.interrupt(session, after=1.5),
}

# without a summary, as where that lags, windows are the largest
WINDOWS: Mapping[str, History] = {
    "answers of 400 to 3,000 characters, today's": History(400),
    "every answer of 3,000 characters, today's": History(400, answers=(3_000,), apart=60),
    "every answer of 3,000 characters, a week old": History(400, answers=(3_000,), apart=86_400 // 4),
    "messages of a few words, today's": History(400, answers=(40,), apart=60),
    "answers of 400 to 3,000 characters, summarised": usual(400),
}


@dataclass(frozen=True)
class Figures:
    """Tallies by name; `growth` by name and number of messages."""

    work: Mapping[str, Tally]
    growth: Mapping[str, Mapping[int, Tally]]
    windows: Mapping[str, Tally]


async def measure(bench: Bench, sizes: tuple[int, ...] = SIZES) -> Figures:
    await warm_up(bench)
    windows, growing = await asyncio.gather(
        asyncio.gather(*(_window(bench, history) for history in WINDOWS.values())),
        asyncio.gather(*(_growth(bench, size) for size in sizes)),
    )
    work = await asyncio.gather(*(_work(bench, scenario) for scenario in WORK.values()))
    grown = dict(zip(sizes, growing, strict=True))
    return Figures(
        dict(zip(WORK, work, strict=True)),
        {name: {size: tallies[name] for size, tallies in grown.items()} for name in GROWTH},
        dict(zip(WINDOWS, windows, strict=True)),
    )


async def warm_up(bench: Bench) -> None:
    """The first turn of a process imports the model library and its tokenizer, and looks at its log meanwhile."""
    await _window(bench, History(40))


async def _work(bench: Bench, scenario: Scenario) -> Tally:
    return await scenario(bench, await bench.session(FULL))


async def _window(bench: Bench, history: History) -> Tally:
    return await bench.turn(await bench.session(history), BRIEF)


async def _growth(bench: Bench, messages: int) -> Mapping[str, Tally]:
    session = await bench.session(usual(messages))
    return {name: await scenario(bench, session) for name, scenario in GROWTH.items()}
