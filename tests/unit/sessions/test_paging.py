"""`?before=`: whatever a session went through, its pages together are its history."""

from __future__ import annotations

from typing import Any

import pytest

from attache.errors import BadInput
from attache.sessions.entries import (
    Agent,
    CallAsked,
    CallResult,
    End,
    Event,
    Interrupt,
    Piece,
    Result,
    Sign,
    Text,
    Turn,
    User,
)
from attache.sessions.head import DAY
from attache.sessions.log import SessionLog, Wanted, begun
from attache.sessions.table import FIRST_LOOK, Beside
from tests.fakes.clock import FakeClock
from tests.fakes.models import FakeModels
from tests.fakes.session_table import FakeSessionTable
from tests.unit.turns.harness import House

Body = User | Turn | Text | Agent | Result | End | Event | Interrupt | Sign


def house() -> House:
    clock = FakeClock()
    return House(FakeModels(), clock=clock, table=FakeSessionTable(clock))


async def write(at: House, *bodies: Body) -> SessionLog:
    log = await at.log()
    for body in bodies:
        head = Beside(begun(log, at.clock.now())) if log.head is None else Beside()
        await log.append(lambda _, body=body, head=head: Wanted(body, head))  # type: ignore[misc]
    return log


async def turns(at: House, count: int, text: str = "x") -> None:
    log = await at.log()
    for _ in range(count):
        first = log.view.last + 2
        log = await write(at, User("?", runner="r"), Text(text), Text(text, first),
                          End("done", text * 2, (Piece(first, len(text)), Piece(first + 1, len(text)))))  # fmt: skip


async def page(at: House, before: str) -> list[dict[str, Any]]:
    """The messages before that one, as a container sees them that knows nothing of the session."""
    found = (await at.another().sessions.state(at.session_id, before=before)).snapshot
    assert found is not None
    messages: list[dict[str, Any]] = found["messages"]
    return messages


async def everything(at: House) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = (await at.another().snapshot())["messages"]
    return messages


async def assert_pages(at: House) -> None:
    whole = await everything(at)
    for place, message in enumerate(whole):
        assert [m["id"] for m in await page(at, message["id"])] == [m["id"] for m in whole[:place]]


async def test_a_message_that_waited_stands_where_its_turn_began() -> None:
    at = house()
    log = await write(at, User("first", runner="r"), User("waits"), *[Sign()] * (2 * FIRST_LOOK), Agent("so "))
    await write(at, User("withdrawn"), End("done", "far"), Turn(2, "s", "waiting"), End("done", "second"), Interrupt())
    assert log.head is not None
    await turns(at, FIRST_LOOK)
    await assert_pages(at)


async def test_results_of_a_step_stand_in_the_order_of_its_calls() -> None:
    at = house()
    asked = tuple(CallAsked(f"call_{n}", "Look", "{}") for n in range(3))
    came = [Result(CallResult(f"call_{n}", "Look", "ok", "1")) for n in (2, 0, 1)]
    await write(at, User("?", runner="r"), Agent("", asked), *came, Sign(), End("done", "three"))
    await turns(at, FIRST_LOOK)
    await assert_pages(at)


async def test_pieces_that_expired_still_name_their_step() -> None:
    at = house()
    await turns(at, FIRST_LOOK)
    await at.clock.sleep(1.5 * DAY)
    await turns(at, FIRST_LOOK)
    await assert_pages(at)


async def test_a_page_is_read_around_its_message_and_nothing_else_is() -> None:
    at = house()
    await turns(at, 400, "x" * 6_000)
    messages = await everything(at)
    assert isinstance(at.table, FakeSessionTable)
    back, reads = messages[0]["id"], []
    for _ in range(3):
        before = at.table.reads
        back = (await page(at, back))[0]["id"]
        reads.append(at.table.reads - before)
    assert max(reads) <= 5
    assert int(back.split("-")[1]) < 4 * 100


async def test_before_what_expired_nothing_is_left() -> None:
    at = house()
    await turns(at, 2)
    gone = (await everything(at))[-1]["id"]
    await at.clock.sleep(89 * DAY)
    await turns(at, 2)
    await at.clock.sleep(2 * DAY)
    assert await page(at, gone) == []


@pytest.mark.parametrize("entry", [3, 300])
async def test_what_is_no_message_has_nothing_before_it(entry: int) -> None:
    at = house()
    await write(at, User("?", runner="r"), End("done", "x"), Event("created"))
    await turns(at, FIRST_LOOK)
    with pytest.raises(BadInput, match="no message"):
        await page(at, (await at.log()).living.id_of(entry))
