"""A snapshot taken at any moment of a running turn, and the updates after it: together they are what history has."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.stack_process import StackProcess
from tests.load.clients import Client, Said, answer_in, events_of
from tests.load.conftest import clients

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.slow, pytest.mark.timeout(120)]

SESSIONS, POINTS = 6, 8  # as many channels as a session may have, and some to spare
APART = 0.15  # seconds between two moments
MESSAGE = "Price of all that is told here, one word after the other, until it has all been said."


async def test_snapshot_and_updates_are_the_whole_answer(stack: StackProcess) -> None:
    async with clients(stack) as made:
        await asyncio.gather(*(one_session(made.new(), at * APART / SESSIONS) for at in range(SESSIONS)))


async def one_session(client: Client, late: float) -> None:
    said = Said()
    asked = asyncio.create_task(client.say(MESSAGE, said))
    early = asyncio.create_task(joined(client, late))
    await said.begun.wait()
    seen = await asyncio.gather(early, *(joined(client, late + at * APART) for at in range(1, POINTS)))
    await asked
    snapshot = await client.state()
    assert said.text == answer_in(snapshot)
    assert [text for text, _ in seen] == [said.text] * POINTS
    assert any(begun and begun != said.text for _, begun in seen), "all snapshots were taken too early or too late"


async def joined(client: Client, late: float) -> tuple[str, str]:
    """The whole answer as one sees it who comes so late, and what of it the snapshot showed."""
    await asyncio.sleep(late)
    snapshot = await client.state()
    if not any(message["sender"] == "user" for message in snapshot["messages"]):
        return await joined(client, APART)
    shown = text = answer_in(snapshot)
    if not snapshot["is_processing"]:
        return text, shown
    headers = {"X-Session-Id": client.session_id, "Last-Event-ID": snapshot["last_event_id"]}
    async with client.http.stream("GET", "/api/updates", headers=headers) as answer:
        async for _, data in events_of(answer):
            assert data is None or data["type"] != "reset"
            text += data["content"] if data and data["type"] == "text" else ""
            if data and data["type"] in ("complete", "error"):
                break
    return text, shown
