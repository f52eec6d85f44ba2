"""What a session waits for, read from its events and its snapshot."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from attache_cli.requests import Request, curl, waiting

TRADE = {"type": "tool_approval_request", "payload": {"request_id": "call_1", "name": "Trade", "args": {"amount": 1}}}
PAY = {
    "type": "wallet_tx_request",
    "payload": {"tx_ids": [7], "to": "0x1", "value": "5", "chain_id": 1, "description": "Pay", "data": "0xff"},
}
SIGN = {"type": "wallet_eip712_request", "payload": {"pending_eip712_id": 8, "typed_data": {}, "description": "Sign"}}
EVENTS: list[dict[str, Any]] = [
    {"SystemNotice": "x"},
    *({"InlineCall": call} for call in (TRADE, PAY, SIGN, {"type": "new", "payload": {}})),
]


def result(number: int, call_id: str, **result: Any) -> dict[str, Any]:
    return {"id": f"ab-{number}-{call_id}", "tool_result": ["Trade", json.dumps(result)]}


def snapshot(*messages: dict[str, Any], **user_state: Any) -> dict[str, Any]:
    said = {"id": "ab-1", "tool_result": None}
    return {"title": "T", "last_event_id": "ab-9", "messages": [said, *messages], "user_state": user_state or None}


def test_what_is_pending_still_waits() -> None:
    found = waiting(EVENTS, snapshot(result(2, "call_1", outcome="pending"), pending_txs={"7": {}}, pending_eip712s={}))
    assert [request.key for request in found.requests] == ["tool_approval_request call_1", "wallet_tx_request 7"]
    assert (found.going_on, found.last_event_id) == ((), "ab-9")


@pytest.mark.parametrize("outcome", ["rejected", "interrupted", "ok"])
def test_what_was_answered_or_withdrawn_does_not(outcome: str) -> None:
    messages = [result(2, "call_1", outcome="pending"), result(5, "call_1", outcome=outcome)]
    assert waiting(EVENTS, snapshot(*messages)).requests == ()


def test_a_call_that_nobody_is_asked_about_goes_on() -> None:
    messages = [result(2, "call_1", outcome="pending"), result(3, "call_2", outcome="pending", request=7)]
    assert waiting(EVENTS, snapshot(*messages, result(4, "call_3", outcome="pending"))).going_on == ("Trade",)
    assert waiting(EVENTS, snapshot(result(4, "call_3", outcome="pending"), result(5, "call_3", done=1))).going_on == ()


def test_a_call_that_was_approved_and_takes_a_while_is_not_asked_about_again() -> None:
    messages = [result(2, "call_1", outcome="pending"), result(5, "call_1", outcome="pending")]
    found = waiting(EVENTS, snapshot(*messages))
    assert (found.requests, found.going_on) == ((), ("Trade",))
    assert waiting(EVENTS, snapshot(*messages, result(9, "call_1", state="settled"))).going_on == ()


def test_what_the_user_is_told_is_what_the_newest_snapshot_delivers() -> None:
    assert waiting(EVENTS, snapshot()).notices == ()
    delivered = {**snapshot(), "system_events": [{"SystemError": "no"}, {"SystemNotice": "It was cut."}]}
    assert waiting(EVENTS, delivered).notices == ("It was cut.",)


def asked(call: dict[str, Any]) -> Request:
    state: dict[str, Any] = {"pending_txs": {"7": {}}, "pending_eip712s": {"8": {}}}
    found = waiting([{"InlineCall": call}], snapshot(result(2, "call_1", outcome="pending"), **state))
    return found.requests[0]


@pytest.mark.parametrize(
    ("call", "accepted", "rejected"),
    [
        (TRADE, {"request_id": "call_1", "approved": True}, {"approved": False, "comment": "no"}),
        (PAY, {"pending_tx_ids": [7], "status": "success", "txHash": "0xab"}, {"status": "failed", "error": "no"}),
        (SIGN, {"pending_eip712_id": 8, "status": "success", "signature": "0xab"}, {"status": "failed", "error": "no"}),
    ],
)
def test_answers_are_those_of_the_contract(call: Any, accepted: dict[str, Any], rejected: dict[str, Any]) -> None:
    request = asked(call)
    assert request.accepted("0xab")["payload"] == accepted
    assert request.rejected("no")["payload"].items() >= rejected.items()


def test_the_line_for_a_shell_survives_it() -> None:
    message = {"type": "x", "payload": {"comment": 'don\'t $HOME `ls` "now"'}}
    words = shlex.split(curl("http://h", "s", message))
    assert json.loads(json.loads(words[-1])["message"]) == message
