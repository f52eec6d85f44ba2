from __future__ import annotations

import json

import pytest

from attache.errors import BadInput
from attache.tools.tool import ToolCall, ToolResult
from attache.turns.wakeups import Wake
from attache.turns.window import MESSAGES
from tests.fakes.models import FakeModels, asks, says
from tests.fakes.toolset import FakeToolset
from tests.unit.turns.harness import House


async def test_words_are_kept_and_wake_nobody() -> None:
    house = House(FakeModels([says("Hello.")]))
    said = await house.system.post(house.session_id, "the user opened the charts")
    snapshot = await house.snapshot()
    assert snapshot["messages"] == [said]
    assert said is not None
    assert (said["sender"], said["content"]) == ("system", "the user opened the charts")
    assert snapshot["is_processing"] is False
    assert house.wakeups.take(Wake) == []
    await house.stream("What do I look at?")
    roles = [(message["role"], message["content"]) for message in house.models.requests[0].messages[1:]]
    assert roles[0] == ("user", "[Note from the client: the user opened the charts]")


async def test_a_state_is_merged_and_an_echo_writes_nothing() -> None:
    house = House(FakeModels())
    message = json.dumps({"type": "wallet:state_changed", "payload": {"address": "0xAB", "pending_txs": {"1": {}}}})
    assert [await house.system.post(house.session_id, message) for _ in range(2)] == [None, None]
    snapshot = await house.snapshot()
    assert snapshot["user_state"]["evm"]["address"] == "0xAB"
    assert "pending_txs" not in snapshot["user_state"]
    assert await house.kinds() == ["event"]
    assert snapshot["messages"] == []


async def test_a_state_that_is_none_is_refused() -> None:
    house = House(FakeModels())
    with pytest.raises(BadInput):
        await house.system.post(house.session_id, '{"type": "user_state_response", "payload": {"chain_id": "one"}}')
    assert await house.kinds() == []


async def test_a_client_that_says_much_while_a_turn_runs_does_not_push_it_out_of_the_prompt() -> None:
    async def look(call: ToolCall) -> ToolResult:
        for number in range(MESSAGES + 1):
            await house.system.post(house.session_id, f"the user scrolled to {number}")
        return ToolResult("ok", "3")

    house = House(FakeModels([says("Hello."), asks(("Look", "{}")), says("It is 3.")]), FakeToolset({"Look": look}))
    await house.stream("Hi")
    await house.stream("What is ETH?")
    said = [message["content"] for message in house.models.requests[-1].messages[1:]]
    assert said[:3] == ["What is ETH?", None, "3"]
    assert len(said) == 3 + MESSAGES + 1
