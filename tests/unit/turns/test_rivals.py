"""What a rival does between a decision and its entry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attache.clock import Clock
from attache.models.model import ModelFailed
from attache.sessions.entries import Entry
from attache.sessions.head import Lifetime
from attache.sessions.table import Beside
from tests.fakes.models import FakeModels, says
from tests.fakes.session_table import FakeSessionTable
from tests.unit.turns.harness import House


class RivalledTable(FakeSessionTable):
    """Lets a rival act once, just before an entry of one kind is put."""

    rival: tuple[str, Callable[[], Awaitable[object]]] | None = None

    async def put(self, session_id: str, entry: Entry, beside: Beside, lifetime: Lifetime) -> None:
        if self.rival is not None and self.rival[0] == entry.kind:
            (_, act), self.rival = self.rival, None
            await act()
        await super().put(session_id, entry, beside, lifetime)


async def test_a_session_deleted_while_it_delivers_its_events_is_an_unknown_one() -> None:
    table = RivalledTable(Clock())
    failure = ModelFailed("It does not answer.", code="provider_unavailable", retryable=False)
    house = House(FakeModels([says(failure)]), table=table)
    await house.stream()
    table.rival = ("delivered", lambda: house.another().sessions.delete(house.session_id))
    state = await house.sessions.state(house.session_id)
    assert state.etag is None
    assert state.snapshot is not None
    assert state.snapshot["messages"] == []
