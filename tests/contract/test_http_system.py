"""System messages: what a client says beside the conversation, in both dialects."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.desk import ORDER, PAYMENT, TYPED_DATA
from tests.contract.service import SAID, Running
from tests.contract.shapes import Message, Snapshot, snapshot, stream


def session() -> dict[str, str]:
    return {"X-Session-Id": str(uuid4())}


def post(http: httpx.Client, headers: dict[str, str], message: Any, **more: Any) -> httpx.Response:
    text = message if isinstance(message, str) else json.dumps(message)
    return http.post("/api/system", headers=headers, params={"message": text}, **more)


@pytest.mark.parametrize("text", ["the user opened the charts", '{"type": "page:opened", "payload": 3}'])
def test_words_and_unknown_types_are_kept_and_wake_nobody(http: httpx.Client, text: str) -> None:
    headers = session()
    answer = post(http, headers, text)
    assert answer.status_code == 200
    said = Message.model_validate(answer.json()["res"])
    found = snapshot(http.get("/api/state", headers=headers))
    assert found.messages == [said]
    assert (said.sender, said.content) == ("system", text)
    assert not found.is_processing


@pytest.mark.parametrize("kind", ["wallet:state_changed", "user_state_response"])
@pytest.mark.parametrize("state", [{"chain_id": "0x89"}, {"evm": {"chain_id": 137}}])
def test_a_state_is_merged_in_either_form(http: httpx.Client, kind: str, state: dict[str, Any]) -> None:
    headers = session()
    post(http, headers, {"type": kind, "payload": {"address": "0xabc", "is_connected": True}})
    answer = post(http, headers, {"type": kind, "payload": state})
    assert answer.json() == {"res": None}
    found = snapshot(http.get("/api/state", headers=headers))
    assert found.user_state is not None
    assert found.user_state["chain_id"] == found.user_state["evm"]["chain_id"] == 137
    assert found.user_state["address"] == "0xabc"
    assert not found.is_processing
    assert found.messages == []


@pytest.mark.parametrize(
    "message",
    ["", "  ", '{"type": "wallet:state_changed"}', '{"type": "user_state_response", "payload": {"chain_id": -1}}'],
)
def test_bad_input_is_refused_and_writes_nothing(http: httpx.Client, message: str) -> None:
    headers = session()
    answer = post(http, headers, message)
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]
    assert http.get(f"/api/sessions/{headers['X-Session-Id']}").status_code == 404


def test_a_message_may_come_in_the_body_and_is_bounded(http: httpx.Client) -> None:
    headers = session()
    assert http.post("/api/system", headers=headers, json={"message": "x" * 32_000}).status_code == 200
    assert http.post("/api/system", headers=headers, json={"message": "x" * 32_001}).status_code == 413


ADDRESS = "0x" + "a" * 40
FORMS = [
    {"address": ADDRESS, "chain_id": 1, "is_connected": True},
    {"evm": {"address": ADDRESS, "chain_id": 1}, "connection": {"is_connected": True}},
]


def asked(http: httpx.Client, running: Running, word: str, *, older: bool, form: int = 0) -> dict[str, str]:
    """A session of the app `desk` whose assistant was told `word`, in one of the dialects."""
    headers = session() | {"X-API-Key" if older else "AOMI-APP-KEY": running.keys.desk}
    params = {"app": "desk", "user_state": json.dumps(FORMS[form])}
    if older:
        assert stream(http.post("/api/chat", headers=headers, params=params, json={"text": word}))
    else:
        snapshot(http.post("/api/chat", headers=headers, params={**params, "message": word}))
    return headers


def state(http: httpx.Client, headers: dict[str, str]) -> Snapshot:
    return snapshot(http.get("/api/state", headers=headers))


def settled(http: httpx.Client, headers: dict[str, str]) -> Snapshot:
    """The state once nothing runs or waits."""
    until = time.monotonic() + 20
    while (found := state(http, headers)).is_processing:
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


def requests_in(http: httpx.Client, headers: dict[str, str]) -> list[dict[str, Any]]:
    """What the client is asked, by all events."""
    return [event["InlineCall"] for event in events_of(http, headers) if "InlineCall" in event]


def events_of(http: httpx.Client, headers: dict[str, str]) -> list[dict[str, Any]]:
    return list(http.get("/api/events", headers=headers).json())


def answered(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("older", [True, False])
@pytest.mark.parametrize("form", [0, 1])
@pytest.mark.parametrize(("status", "left_out"), [("success", False), ("failed", True)])
def test_a_transaction_from_request_to_outcome(
    http: httpx.Client, running: Running, older: bool, form: int, status: str, left_out: bool
) -> None:
    headers = asked(http, running, "pay", older=older, form=form)
    call = {**PAYMENT, "chain_id": 137}
    assert requests_in(http, headers) == [{"type": "wallet_tx_request", "payload": {"tx_ids": [1], **call}}]
    found = state(http, headers)
    assert found.user_state is not None
    assert found.user_state["pending_txs"]["1"].items() >= {**call, "from": ADDRESS}.items()
    assert found.user_state["pending_txs"]["1"]["label"]

    payload = {"status": status, "txHash": "0xfeed", "amount": "5"} | ({} if left_out else {"pending_tx_ids": [1]})
    told = answered(post(http, headers, {"type": "wallet:tx_complete", "payload": payload}))["res"]
    _, result = Message.model_validate(told).tool_result or ("", "")
    assert json.loads(result) == payload
    after = settled(http, headers)
    assert after.user_state is not None
    assert after.user_state["pending_txs"] == {}
    assert after.messages[-1].content == SAID
    assert post(http, headers, {"type": "wallet:tx_complete", "payload": payload}).status_code == 400


def test_an_outcome_is_durable_before_its_answer(http: httpx.Client, running: Running) -> None:
    headers = asked(http, running, "sign", older=False)
    (request,) = requests_in(http, headers)
    assert request == {
        "type": "wallet_eip712_request",
        "payload": {"pending_eip712_id": 1, "typed_data": TYPED_DATA, "description": "Sign the order"},
    }
    found = state(http, headers)
    assert found.user_state is not None
    kept = {"typed_data": TYPED_DATA, "description": "Sign the order", "chain_id": 1}
    assert found.user_state["pending_eip712s"] == {"1": kept}
    payload = {"status": "success", "signature": "0x1", "pending_eip712_id": 1}
    answered(post(http, headers, {"type": "wallet_eip712_response", "payload": payload}))
    now = state(http, headers)
    assert now.user_state is not None
    assert now.user_state["pending_eip712s"] == {}
    assert now.is_processing or now.messages[-1].content == SAID


def trades_at(running: Running, call_id: str) -> list[dict[str, Any]]:
    entries = httpx.get(f"{running.exchange}/_log", trust_env=False).json()
    return [entry for entry in entries if entry["idempotency_key"] == call_id]


@pytest.mark.parametrize("older", [True, False])
def test_an_approved_call_is_sent_once_and_not_before(http: httpx.Client, running: Running, older: bool) -> None:
    headers = asked(http, running, "trade", older=older)
    (request,) = requests_in(http, headers)
    assert request["type"] == "tool_approval_request"
    asked_for = request["payload"]
    assert asked_for.items() >= {"name": "Trade", "args": ORDER}.items()
    assert trades_at(running, asked_for["request_id"]) == []

    approval = {"type": "tool_approval_response", "payload": {"request_id": asked_for["request_id"], "approved": True}}
    assert answered(post(http, headers, approval)) == {"res": None}
    assert post(http, headers, approval).status_code == 400
    after = settled(http, headers)
    assert [entry["status"] for entry in trades_at(running, asked_for["request_id"])] == [201]
    assert after.messages[-1].content == "The tool said so."


def test_a_rejected_call_is_never_sent(http: httpx.Client, running: Running) -> None:
    headers = asked(http, running, "trade", older=True)
    (request,) = requests_in(http, headers)
    payload = {"request_id": request["payload"]["request_id"], "approved": False, "comment": "too dear"}
    answered(post(http, headers, {"type": "tool_approval_response", "payload": payload}))
    after = settled(http, headers)
    assert trades_at(running, request["payload"]["request_id"]) == []
    assert after.messages[-1].content == SAID
    assert any("too dear" in (message.tool_result or [""])[-1] for message in after.messages)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("wallet:tx_complete", {"status": "success", "pending_tx_ids": [1]}),
        ("wallet_eip712_response", {"status": "success"}),
        ("tool_approval_response", {"approved": True}),
        ("wallet:tx_complete", None),
        ("wallet:tx_complete", {"status": "done"}),
    ],
)
def test_an_answer_to_nothing_is_refused_and_writes_nothing(http: httpx.Client, kind: str, payload: Any) -> None:
    headers = session()
    assert post(http, headers, {"type": kind, "payload": payload}).status_code == 400
    assert http.get(f"/api/sessions/{headers['X-Session-Id']}").status_code == 404


@pytest.mark.parametrize(("word", "outcome"), [("withdraw", "settled"), ("lose", "failed")])
@pytest.mark.parametrize("older", [True, False])
def test_a_call_with_steps_is_told_when_it_has_ended(
    http: httpx.Client, running: Running, word: str, outcome: str, older: bool
) -> None:
    headers = asked(http, running, word, older=older)
    begun = settled(http, headers)
    seen = _updates(http, headers, begun.last_event_id or "")
    kinds = [event["type"] for event in seen]
    assert kinds.index("tool_update") < kinds.index("async_tool_result") < kinds.index("tool_complete")
    result = next(event["result"] for event in seen if event["type"] == "async_tool_result")
    assert result["status"] == outcome
    complete = next(event for event in seen if event["type"] == "tool_complete")
    assert complete["status"] == ("success" if outcome == "settled" else "error")
    posts = [entry for entry in trades_at(running, complete["call_id"]) if entry["method"] == "POST"]
    assert [entry["status"] for entry in posts] == [202]
    event = {
        "AsyncCallback": {
            "name": "Withdraw",
            "call_id": complete["call_id"],
            "result": result,
            "status": complete["status"],
        }
    }
    assert [told["event"] for told in seen if told["type"] == "system_event"] == [event]
    assert events_of(http, headers) == [event]
    assert begun.system_events == []
    found = settled(http, headers)
    assert found.messages[-1].content == SAID
    assert len(found.messages) == len(begun.messages) + 2
    assert found.system_events == [event], "to be seen on updates delivers nothing"
    assert state(http, headers).system_events == []


@pytest.mark.parametrize("older", [True, False])
def test_a_call_back_is_in_the_snapshot_of_whoever_asks_first(
    http: httpx.Client, running: Running, older: bool
) -> None:
    """A client that polls, and one that interrupts: both get snapshots, and one of them has it."""
    headers = asked(http, running, "withdraw", older=older)
    until = time.monotonic() + 20
    delivered: list[dict[str, Any]] = []
    while not delivered:
        assert time.monotonic() < until
        delivered += state(http, headers).system_events
        delivered += answered(http.post("/api/interrupt", headers=headers))["system_events"]
        time.sleep(0.05)
    assert [next(iter(event)) for event in delivered] == ["AsyncCallback"]
    assert events_of(http, headers) == delivered


def _approval(request: dict[str, Any], *, approved: bool) -> dict[str, Any]:
    payload = {"request_id": request["payload"]["request_id"], "approved": approved}
    return {"type": "tool_approval_response", "payload": payload}


def _chat_async(http: httpx.Client, headers: dict[str, str], message: str) -> Snapshot:
    params = {"app": "desk", "message": message}
    return snapshot(http.post("/api/chat", headers={**headers, "Prefer": "respond-async"}, params=params))


@pytest.mark.parametrize("older", [True, False])
def test_an_interrupt_calls_off_what_was_approved_and_waits_and_says_so(
    http: httpx.Client, running: Running, older: bool
) -> None:
    headers = asked(http, running, "trade", older=older)
    (request,) = requests_in(http, headers)
    before = settled(http, headers)
    assert _chat_async(http, headers, "slow one").is_processing
    answered(post(http, headers, _approval(request, approved=True)))
    _interrupted(http, headers)
    seen = _updates(http, headers, before.last_event_id or "")
    told = next(event for event in seen if event["type"] == "tool_complete")
    assert (told["call_id"], told["status"]) == (request["payload"]["request_id"], "error")
    assert json.loads(told["result"])["outcome"] == "interrupted"
    found = settled(http, headers)
    assert [message.tool_result for message in found.messages if message.tool_result][-1] == ["Trade", told["result"]]
    refusal = post(http, headers, _approval(request, approved=True))
    assert (refusal.status_code, "withdrawn when the user interrupted" in refusal.json()["error"]) == (400, True)
    assert trades_at(running, request["payload"]["request_id"]) == []


def test_the_approval_that_a_stopped_turn_asked_for_can_be_given_no_more(http: httpx.Client, running: Running) -> None:
    headers = session() | {"AOMI-APP-KEY": running.keys.desk}
    _chat_async(http, headers, "dither")
    until = time.monotonic() + 20
    while not (requests := requests_in(http, headers)):
        assert time.monotonic() < until
        time.sleep(0.02)
    answer = _interrupted(http, headers)
    results = [json.loads(each["tool_result"][1])["outcome"] for each in answer["messages"] if each["tool_result"]]
    assert results == ["pending", "interrupted"]
    for approved in (True, False):
        refusal = post(http, headers, _approval(requests[0], approved=approved))
        assert (refusal.status_code, "withdrawn when the user interrupted" in refusal.json()["error"]) == (400, True)
    assert trades_at(running, requests[0]["payload"]["request_id"]) == []
    after = snapshot(http.post("/api/chat", headers=headers, params={"app": "desk", "message": "hello"}))
    assert after.messages[-1].content == SAID, "the next chat works"


def _interrupted(http: httpx.Client, headers: dict[str, str]) -> dict[str, Any]:
    answer = answered(http.post("/api/interrupt", headers=headers))
    assert (answer["interrupted"], answer["is_processing"]) == (True, False)
    return answer


def _updates(http: httpx.Client, headers: dict[str, str], after: str) -> list[dict[str, Any]]:
    """The updates after that id, up to the end of a turn."""
    seen: list[dict[str, Any]] = []
    with http.stream("GET", "/api/updates", headers={**headers, "Last-Event-ID": after}, timeout=40) as updates:
        for line in updates.iter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line.removeprefix("data: ")))
                if seen[-1]["type"] == "complete":
                    break
    return seen
