from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from anyio.from_thread import start_blocking_portal

from tests.bench.containers import house
from tests.bench.histories import History
from tests.bench.measuring import Scenario
from tests.bench.scenarios import BRIEF, Bench
from tests.bench.tally import Tally

Count = Callable[[History, Scenario], Tally]


@pytest.fixture(scope="module")
def count(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Count]:
    """Counts a scenario in a new session with a history."""
    opened = house(tmp_path_factory.mktemp("cost"))
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(opened) as inside:
        bench = Bench(inside)

        async def counted(history: History, scenario: Scenario) -> Tally:
            return await scenario(bench, await bench.session(history))

        # the first one imports the model library and its tokenizer, which takes seconds
        portal.call(counted, History(40), lambda bench, session: bench.turn(session, BRIEF))
        yield lambda history, scenario: portal.call(counted, history, scenario)
