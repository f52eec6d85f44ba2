from __future__ import annotations

import json

import pytest

from attache.models.model import Message, ModelRequest
from attache.models.prompt import arguments
from attache.tools.tool import ToolSpec

PRICE = ToolSpec("GetTokenPrice", "The price", {"type": "object", "properties": {}}, safe=True)


def messages(*given: Message, provider: str = "openai") -> list[Message]:
    sent: list[Message] = arguments(ModelRequest("m", given), provider, None)["messages"]
    return sent


def test_only_the_first_system_messages_are_the_systems() -> None:
    sent = messages(
        {"role": "system", "content": "a"},
        {"role": "system", "content": "b"},
        {"role": "user", "content": "c"},
        {"role": "system", "content": "d"},
    )
    assert [message["role"] for message in sent] == ["system", "system", "user", "user"]


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
def test_opaque_parts_go_to_their_provider_only(provider: str) -> None:
    asked = {"role": "assistant", "content": "x", "opaque_from": "anthropic", "thinking_blocks": [1]}
    (sent,) = messages(asked, provider=provider)
    assert ("thinking_blocks" in sent) is (provider == "anthropic")
    assert "opaque_from" not in sent


def test_keys_that_no_provider_knows_are_left_out() -> None:
    (sent,) = messages({"role": "user", "content": "x", "timestamp": 7})
    assert sent == {"role": "user", "content": "x"}


@pytest.mark.parametrize("written", ["", "{", "[1]", "null", '"x"', "{} {}"])
def test_arguments_of_the_history_are_always_an_object(written: str) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": written}}
    (sent,) = messages({"role": "assistant", "content": None, "tool_calls": [call]})
    assert json.loads(sent["tool_calls"][0]["function"]["arguments"]) == {"malformed": written}
    assert call["function"] == {"name": "f", "arguments": written}


def test_calls_may_be_forbidden_and_answers_bounded() -> None:
    asked = arguments(ModelRequest("m", (), (PRICE,), allow_calls=False), "openai", 100)
    assert (len(asked["tools"]), asked["tool_choice"], asked["max_tokens"]) == (1, "none", 100)
    assert not {"tools", "tool_choice", "max_tokens"} & arguments(ModelRequest("m", ()), "openai", None).keys()
