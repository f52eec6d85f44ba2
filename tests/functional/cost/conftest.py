from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from anyio.from_thread import start_blocking_portal

from tests.bench.containers import house
from tests.bench.histories import History
from tests.bench.measuring import Scenario, warm_up
from tests.bench.scenarios import Bench
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

        portal.call(warm_up, bench)
        yield lambda history, scenario: portal.call(counted, history, scenario)
