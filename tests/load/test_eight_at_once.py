"""Eight messages at once to one session; twenty rounds of it, each in a session of its own."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.stack_process import StackProcess
from tests.load.clients import Client, Said
from tests.load.conftest import clients
from tests.load.echo import echoed

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.slow, pytest.mark.timeout(120)]

ROUNDS, MESSAGES = 20, 8


async def test_all_are_kept_in_order_and_each_stream_gets_its_own_answer(stack: StackProcess) -> None:
    async with clients(stack) as made:
        await asyncio.gather(*(one_round(made.new(), number) for number in range(ROUNDS)))


async def one_round(client: Client, number: int) -> None:
    messages = [f"{number}.{at}" for at in range(MESSAGES)]
    answers = await asyncio.gather(*map(client.say, messages))
    assert client.cuts == client.refusals == 0
    for message, said in zip(messages, answers, strict=True):
        assert said.text.strip() == echoed(message)
        assert said.types.count("started") == 1
        assert said.last
        assert said.last["type"] == "complete"
    history = [(m["sender"], m["content"].strip()) for m in (await client.state())["messages"]]
    accepted = sorted(zip(messages, answers, strict=True), key=lambda each: _turn(each[1]))
    assert history == [
        part for message, _ in accepted for part in (("user", message), ("agent", echoed(message)))
    ]  # fmt: skip


def _turn(said: Said) -> int:
    """The number at which the message was accepted."""
    return int(said.started.rpartition("-")[2])
