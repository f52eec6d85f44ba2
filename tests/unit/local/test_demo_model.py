"""The demo model picks tools and arguments by plain rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import attache_local.demo_model as module
from attache.sessions.entries import User
from attache.sessions.summary import Summary
from attache.turns.prompt import GO_ON, SO_FAR
from attache.turns.summaries import summary_of, summary_request
from attache.turns.titles import Exchange, title_request
from attache_local.demo_model import SIGNATURE, Step, Tool, answer

SYMBOL = {"type": "string", "description": "The token's symbol, for example ETH."}
USER = {"type": "string", "description": "The user's id, for example user123."}
PAIR = {"type": "string", "description": "Base and quote joined by a dash, for example ETH-USD."}
SIDE = {"type": "string", "enum": ["buy", "sell"]}
KIND = {"type": "string", "enum": ["market", "limit"], "default": "market"}


def tool(name: str, description: str, properties: dict[str, Any], required: Sequence[str] = ()) -> Tool:
    parameters = {"type": "object", "properties": properties, "required": list(required)}
    return Tool.of({"name": name, "description": description, "parameters": parameters})


EXCHANGE = (
    tool("GetTokenPrice", "The latest traded price of a token.", {"symbol": SYMBOL}, ["symbol"]),
    tool(
        "ExecuteTrade",
        "Executes a trade for a user at once.",
        {
            "userId": USER,
            "symbol": SYMBOL,
            "side": SIDE,
            "amount": {"type": "number"},
            "type": KIND,
            "limitPrice": {"type": ["number", "null"]},
        },
        ["userId", "symbol", "side", "amount"],
    ),
    tool("GetPortfolio", "What a user holds and what it is worth.", {"userId": USER}, ["userId"]),
    tool("ListMarkets", "The markets that can be traded.", {"status": {"enum": ["open", "closed", "all"]}}),
    tool("GetOrderBook", "The order book of a pair.", {"pair": PAIR, "depth": {"type": "integer"}}, ["pair"]),
)
GENERAL = (
    tool("current_time", "The time in a zone.", {"zone": {"type": "string"}}, ["zone"]),
    tool("calculate", "Exact arithmetic.", {"expression": {"type": "string"}}, ["expression"]),
    tool(
        "convert_units",
        "Convert an amount.",
        {"amount": {"type": "number"}, "from_unit": {"type": "string"}, "to_unit": {"type": "string"}},
        ["amount", "from_unit", "to_unit"],
    ),
    tool("what_can_you_do", "What there is.", {}),
)
PETS = (
    tool("getPetById", "Find a pet.", {"petId": {"type": "integer"}}, ["petId"]),
    tool("searchPets", "Search the pets.", {"query": {"type": "string"}}, ["query"]),
)


def asked(tools: Sequence[Tool], *said: str) -> Step:
    return answer([{"role": "user", "content": text} for text in said], tools)


@pytest.mark.parametrize(
    ("tools", "message", "calls"),
    [
        (
            EXCHANGE,
            "What's ETH trading at, and what is user123's portfolio worth?",
            [("GetTokenPrice", {"symbol": "ETH"}), ("GetPortfolio", {"userId": "user123"})],
        ),
        (EXCHANGE, "price of BTC and SOL?", [("GetTokenPrice", {"symbol": name}) for name in ("BTC", "SOL")]),
        (EXCHANGE, "Show me the ETH-USD order book", [("GetOrderBook", {"pair": "ETH-USD"})]),
        (EXCHANGE, "order book of BTC-USD, depth 3", [("GetOrderBook", {"pair": "BTC-USD", "depth": 3})]),
        (EXCHANGE, "Which markets are open?", [("ListMarkets", {"status": "open"})]),
        (
            EXCHANGE,
            "buy 2.5 ETH for user123",
            [("ExecuteTrade", {"userId": "user123", "symbol": "ETH", "side": "buy", "amount": 2.5})],
        ),
        (GENERAL, "What time is it in Tokyo?", [("current_time", {"zone": "Tokyo"})]),
        (GENERAL, "What is 12*7 + 1?", [("calculate", {"expression": "12*7 + 1"})]),
        (
            GENERAL,
            "Convert 10 km to miles",
            [("convert_units", {"amount": 10, "from_unit": "km", "to_unit": "miles"})],
        ),
        (GENERAL, "What can you do?", [("what_can_you_do", {})]),
        (PETS, "show pet 7", [("getPetById", {"petId": 7})]),
        (PETS, "something soft with ears", [("searchPets", {"query": "something soft with ears"})]),
        (EXCHANGE, "Hello!", []),
        ((), "What's ETH trading at?", []),
    ],
)
def test_tools_are_picked_by_words_and_by_what_they_require(
    tools: Sequence[Tool], message: str, calls: list[tuple[str, Any]]
) -> None:
    assert list(asked(tools, message).calls) == calls


def test_arguments_that_would_fit_are_not_enough() -> None:
    order = {"userId": USER, "symbol": SYMBOL, "amount": {"type": "number"}, "address": {"type": "string"}}
    withdraw = tool("Withdraw", "Begins a withdrawal to the chain.", order, list(order))
    assert [name for name, _ in asked([*EXCHANGE, withdraw], "Sell 2 BTC for user123, 0xab12cd").calls] == [
        "ExecuteTrade"
    ]
    assert asked([*EXCHANGE, withdraw], "Withdraw 2 BTC of user123 to address 0xab12cd").calls == [
        ("Withdraw", {"userId": "user123", "symbol": "BTC", "amount": 2, "address": "0xab12cd"})
    ]


def test_an_object_is_taken_as_it_stands() -> None:
    sign = tool(
        "SignOrder", "Signs.", {"typed_data": {"type": "object"}, "description": {"type": "string"}}, ["typed_data"]
    )
    said = 'Sign the order with typed data {"domain": {"name": "Shop"}, "message": {"id": 7}} of mine'
    assert asked([sign], said).calls == [
        ("SignOrder", {"typed_data": {"domain": {"name": "Shop"}, "message": {"id": 7}}})
    ]
    assert asked([sign], "Sign the order with typed data {no").calls == ()


def test_what_a_tool_still_needs_is_asked_for() -> None:
    assert "I need userId" in asked(EXCHANGE, "portfolio please").text


def test_a_text_may_stand_in_an_earlier_message() -> None:
    calls = asked(EXCHANGE, "I am user123", "What is my portfolio worth?").calls
    assert calls == [("GetPortfolio", {"userId": "user123"})]


def test_a_trade_is_never_made_up_of_earlier_messages() -> None:
    calls = asked(EXCHANGE, "buy 2 ETH for user123", "What's ETH trading at?").calls
    assert calls == [("GetTokenPrice", {"symbol": "ETH"})]


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        (["Hello there", "Thanks", "What did I say first?"], "“Hello there”"),
        (["Hello there", "Thanks", "What did I just say?"], "“Thanks”"),
        (["My name is Ada.", "What's my name?"], "Your name is Ada"),
        (["my favourite colour is green", "What is my favourite colour?"], "is green"),
    ],
)
def test_it_repeats_what_the_conversation_said(said: list[str], answered: str) -> None:
    assert answered in asked(EXCHANGE, *said).text


def test_results_are_put_into_words_and_the_answer_says_what_it_is() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "GetTokenPrice", "arguments": "{}"}}
    result = '{"symbol": "ETH", "levels": [{"price": 3521.4, "amount": 2}]}'
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "What's ETH trading at?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {
            "role": "tool",
            "tool_call_id": "c1",
            "content": result,
        },
    ]
    step = answer(messages, EXCHANGE)
    assert step.text == f"GetTokenPrice: symbol ETH, levels 1 price 3521.4, amount 2.\n\n{SIGNATURE}"
    assert not step.calls


def test_an_answer_that_was_cut_goes_on_where_it_stopped() -> None:
    question = {"role": "user", "content": "Hello"}
    whole = answer([question], EXCHANGE).text
    cut = {"role": "assistant", "content": whole[:40]}
    assert answer([question, cut, {"role": "user", "content": GO_ON}], EXCHANGE).text == whole[40:]


def test_it_stays_small() -> None:
    assert len(Path(module.__file__).read_text().splitlines()) <= 300


def test_what_was_pending_is_told_and_asks_for_nothing() -> None:
    note = (
        "[Note from the system: ExecuteTrade (call_1), which was pending, has come to this (ok). Tell the user.]\n"
        '{"userId": "user123", "symbol": "ETH", "side": "buy", "amount": 1, "status": "settled"}'
    )
    step = answer([{"role": "user", "content": "Buy 1 ETH for user123"}, {"role": "user", "content": note}], EXCHANGE)
    assert step.calls == ()
    assert step.text.startswith("ExecuteTrade: userId user123")
    assert "status settled" in step.text


def test_a_conversation_is_named_by_what_its_user_asked() -> None:
    request = title_request("attache-demo", Exchange(User("What is ETH?"), "It is 3.", 0, 1))
    assert answer(request.messages, []) == Step("What is ETH?")


def test_what_the_user_said_of_themselves_is_kept_from_record_to_record_and_found_in_it() -> None:
    record = None
    for block in range(6):
        facts = [f"My colour is c{block}"] if block < 2 else []
        said = ["My name is Ada", *facts] if block == 0 else facts
        said += [f"What is {block}{n} plus one?" for n in range(10)]
        turns = [[{"role": "user", "content": one}, {"role": "assistant", "content": "It is so."}] for one in said]
        request = summary_request("attache-demo", record, turns, 60_000)
        record = Summary(1, block, summary_of(answer(request.messages, []).text))
    assert record is not None
    assert len(record.text) < 2_000
    note = {"role": "user", "content": f"{SO_FAR}\n{record.text}"}
    for question, told in (
        ("What is my name?", "Your name is Ada"),
        ("What is my colour?", "Your colour is c1"),
        ("What did I say first?", "First you said: “My name is Ada”"),
    ):
        assert answer([note, {"role": "user", "content": question}], []).text.startswith(told)
