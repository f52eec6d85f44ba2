"""The contract of `SessionTable`: what wallets and owners find of their sessions."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from attache.aws import Aws
from attache.sessions.dynamo_sessions import DynamoSessions
from attache.sessions.head import DAY, Gist, Noted, owner_name
from attache.sessions.table import (
    Beside,
    HeadChange,
    SessionTable,
    Settled,
)
from tests.contract.sessions.sessions import LIFE, begin, entry
from tests.embedded import Embedded
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.aws


async def test_the_end_of_a_turn_is_told_to_its_own_head_only(
    table: SessionTable, session_id: str, clock: FakeClock
) -> None:
    first = await begin(table, session_id, clock)
    await table.settle(session_id, Settled(born=1, last=5, updated=clock.now() + 9, lifetime=LIFE))
    assert (await table.newest(session_id)).head == replace(first, last=5, updated=clock.now() + 9)
    await table.settle(session_id, Settled(born=1, last=4, updated=0, lifetime=LIFE))
    await table.settle(session_id, Settled(born=2, last=9, updated=0, lifetime=LIFE))
    found = (await table.newest(session_id)).head
    assert found is not None
    assert found.last == 5


async def test_a_wallets_sessions_are_listed_newest_first(table: SessionTable, clock: FakeClock) -> None:
    wallet, ids = f"0x{uuid.uuid4().hex}", [str(uuid.uuid4()) for _ in range(3)]
    for each in ids:
        await begin(table, each, clock, wallet=wallet)
        clock.forward(1)
    await table.put(ids[1], entry(2, clock), Beside(head_change=HeadChange(1, {"wallet": None})), LIFE)
    assert [listed.session_id for listed in await table.of_wallet(wallet)] == [ids[2], ids[0]]
    assert list(await table.of_wallet("0xnobody")) == []


async def test_a_wallets_sessions_are_listed_until_they_expire(table: SessionTable, clock: FakeClock) -> None:
    wallet = f"0x{uuid.uuid4().hex}"
    old, newer = [await begin(table, str(uuid.uuid4()), clock, wallet=wallet) for _ in range(2)]
    clock.forward(60)
    await table.settle(newer.session_id, Settled(born=1, last=2, updated=clock.now(), lifetime=newer.lifetime))
    clock.time = old.created + 1000 * old.lifetime.head
    assert [listed.session_id for listed in await table.of_wallet(wallet)] == [newer.session_id]


class SmallPages:
    """The same AWS, whose indexes answer two items a page."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def call(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        limit = {"Limit": 2} if "IndexName" in parameters else {}
        return await self._aws.call(service, operation, **parameters, **limit)


async def test_a_wallets_sessions_are_listed_to_the_last_page(embedded: Embedded, clock: FakeClock) -> None:
    aws, wallet, ids = cast(Aws, SmallPages(embedded.aws)), f"0x{uuid.uuid4().hex}", []
    table = DynamoSessions(aws, embedded.outputs["SessionsTable"], clock)
    for _ in range(5):
        ids.append(str(uuid.uuid4()))
        await begin(table, ids[-1], clock, wallet=wallet)
        clock.forward(1)
    assert [listed.session_id for listed in await table.of_wallet(wallet)] == ids[::-1]


async def test_an_owners_sessions_are_noted_newest_first(table: SessionTable, clock: FakeClock) -> None:
    owner, ids = owner_name(f"0x{uuid.uuid4().hex}", "shop"), [str(uuid.uuid4()) for _ in range(4)]
    made = [await begin(table, each, clock, owner=owner, title=f"Title {place}") for place, each in enumerate(ids)]
    clock.forward(1)
    newest = await begin(table, str(uuid.uuid4()), clock, owner=owner, gist="About kites", gist_at=clock.now())
    await table.put(ids[1], entry(2, clock), Beside(head_change=HeadChange(1, {"owner": None})), LIFE)
    await table.put(ids[2], entry(2, clock), Beside(head_change=HeadChange(1, {"archived": True})), LIFE)
    noted = [Noted(newest.session_id, "New chat", newest.created, "About kites")]
    noted += [Noted(each.session_id, each.title, each.created) for each in (made[3], made[0])]
    found = list(await table.of_owner(owner, 5))
    assert found[0] == noted[0]
    assert sorted(found[1:], key=lambda each: each.title) == sorted(noted[1:], key=lambda each: each.title)
    assert list(await table.of_owner(owner, 1)) == noted[:1]
    assert list(await table.of_owner(owner_name("0xnobody", "shop"), 5)) == []


async def test_as_many_sessions_are_noted_as_were_asked_for_though_newer_ones_are_archived(
    table: SessionTable, clock: FakeClock
) -> None:
    owner = owner_name(f"0x{uuid.uuid4().hex}", "shop")
    first = await begin(table, str(uuid.uuid4()), clock, owner=owner)
    for _ in range(9):
        clock.forward(1)
        await begin(table, str(uuid.uuid4()), clock, owner=owner, archived=True)
    assert [each.session_id for each in await table.of_owner(owner, 2)] == [first.session_id]


async def test_a_session_is_noted_as_long_as_what_was_said_is_kept(table: SessionTable, clock: FakeClock) -> None:
    owner, session_id = owner_name(f"0x{uuid.uuid4().hex}", "shop"), str(uuid.uuid4())
    await begin(table, session_id, clock, owner=owner, days=2)
    clock.forward(DAY)
    gist = {"gist": "About kites", "gist_at": clock.now()}
    await table.put(session_id, entry(2, clock), Beside(head_change=HeadChange(1, gist)), LIFE)
    clock.forward(2 * DAY - 1)
    assert [each.gist for each in await table.of_owner(owner, 5)] == ["About kites"]
    clock.forward(1)
    assert list(await table.of_owner(owner, 5)) == []


async def test_a_head_is_told_what_its_session_is_about(table: SessionTable, session_id: str, clock: FakeClock) -> None:
    first = await begin(table, session_id, clock)
    for born, gist in ((1, Gist("Birds", 7)), (1, Gist("Kites", 7)), (1, Gist("Older", 6)), (2, Gist("Another's", 9))):
        await table.tell(session_id, born, gist)
    assert (await table.newest(session_id)).head == replace(first, gist="Kites", gist_at=7)
    await table.tell(str(uuid.uuid4()), 1, Gist("Nobody's", 9))
