"""What waits for the user: whatever is said instead of an answer, or twice, or by two at once."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.desk import ENDLESS
from tests.contract.service import SAID, Running
from tests.contract.shapes import Message, Snapshot, snapshot
from tests.contract.test_http_system import ADDRESS, asked, post, requests_in, session, settled, state, trades_at

TX, SIGNED, APPROVAL = "wallet:tx_complete", "wallet_eip712_response", "tool_approval_response"
DONE = {"status": "success"}
TOLD = "The tool said so."
DEEP: Any = "x"
for _ in range(70):
    DEEP = [DEEP]


@pytest.fixture(scope="module")
def waiting(http: httpx.Client, running: Running) -> dict[str, str]:
    """A session that has asked for one thing of each kind: transaction 1, signature 2, an approval."""
    headers = asked(http, running, "pay", older=False)
    for word in ("sign", "trade"):
        params = {"app": "desk", "message": word}
        snapshot(http.post("/api/chat", headers=headers, params=params))
    found = settled(http, headers)
    assert found.user_state is not None
    assert (list(found.user_state["pending_txs"]), list(found.user_state["pending_eip712s"])) == (["1"], ["2"])
    assert len(requests_in(http, headers)) == 3
    return headers


def said(kind: str, payload: Any) -> str:
    return json.dumps({"type": kind, "payload": payload})


NO_IDS: tuple[Any, ...] = (
    [99], [2], ["99"], [0], [-1], ["-1"], ["0x1"], [1.5], [None], [True], [[1]], [{}], [""], [" 1"], ["１"],
    [10**30], ["1" * 400], "1", 1, {"1": 1}, True, [1, "x"],
)  # fmt: skip
NO_ID: tuple[Any, ...] = (1, 99, "x", [2], {"2": 2}, True, 2.5, "")
NO_REQUEST: tuple[Any, ...] = ("call_unknown", 1, True, ["x"], {})
NO_STATUS: tuple[Any, ...] = ("done", "", None, 1, True, ["success"])
NO_CHOICE: tuple[Any, ...] = ("true", 1, 0, None, "yes", [])
NO_COMMENT: tuple[Any, ...] = (5, ["go"], {"text": "go"}, True)
NO_PAYLOAD: tuple[Any, ...] = (None, [], [1], "success", 1, True)


@pytest.mark.parametrize(
    "message",
    [
        # ids of nothing that is pending, and what is no id
        *[said(TX, {**DONE, "pending_tx_ids": ids}) for ids in NO_IDS],
        *[said(SIGNED, {**DONE, "pending_eip712_id": one}) for one in NO_ID],
        *[said(APPROVAL, {"request_id": one, "approved": True}) for one in NO_REQUEST],
        # what is no outcome
        *[said(kind, {"status": one}) for kind in (TX, SIGNED) for one in NO_STATUS],
        *[said(kind, {}) for kind in (TX, SIGNED, APPROVAL)],
        *[said(APPROVAL, {"approved": approved}) for approved in NO_CHOICE],
        *[said(APPROVAL, {"approved": True, "comment": comment}) for comment in NO_COMMENT],
        # what is no payload
        *[said(kind, payload) for kind in (TX, SIGNED, APPROVAL) for payload in NO_PAYLOAD],
        *[json.dumps({"type": kind}) for kind in (TX, SIGNED, APPROVAL)],
        # what is no JSON that could be stored
        '{"type": "wallet:tx_complete", "payload": {"status": "success", "gas": NaN}}',
        '{"type": "wallet:tx_complete", "payload": {"status": "success", "gas": 1e999}}',
        '{"type": "wallet:tx_complete", "payload": {"status": "success", "note": "\\ud83d"}}',
        said(TX, {**DONE, "deep": DEEP}),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused_and_changes_nothing(
    http: httpx.Client, waiting: dict[str, str], message: str
) -> None:
    before = state(http, waiting)
    answer = post(http, waiting, message)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()) == ["error"]
    assert state(http, waiting) == before


@pytest.mark.parametrize(
    "message",
    [
        "{", '{"type": "wallet:tx_complete"', '{"type": "wallet:tx_complete",}', "[1]", "null", "7", '"text"',
        '{"type": null}', '{"type": 7, "payload": {"status": "success"}}', '{"type": ["wallet:tx_complete"]}',
        '{"payload": {"status": "success"}}', '{"type": "wallet:tx_completed", "payload": {"status": "success"}}',
        '{"type": "WALLET:TX_COMPLETE", "payload": {"status": "success"}}', "[" * 2_000,
    ],
)  # fmt: skip
def test_anything_else_is_words(http: httpx.Client, waiting: dict[str, str], message: str) -> None:
    before = state(http, waiting)
    answer = post(http, waiting, message)
    assert answer.status_code == 200, answer.text
    told = Message.model_validate(answer.json()["res"])
    assert (told.sender, told.content) == ("system", message)
    after = state(http, waiting)
    assert (after.messages[-1], after.is_processing, after.user_state) == (told, False, before.user_state)


def test_an_answer_of_over_a_megabyte_is_too_large(http: httpx.Client, waiting: dict[str, str]) -> None:
    message = said(TX, {**DONE, "more": "x" * 1_100_000})
    assert http.post("/api/system", headers=waiting, json={"message": message}).status_code == 413


def test_nobody_answers_for_another_session(http: httpx.Client, running: Running, waiting: dict[str, str]) -> None:
    (request,) = [each for each in requests_in(http, waiting) if each["type"] == "tool_approval_request"]
    message = said(APPROVAL, {"request_id": request["payload"]["request_id"], "approved": True})
    other = asked(http, running, "trade", older=True)
    for headers in (session(), other):
        assert post(http, headers, message).status_code == 400
    assert trades_at(running, request["payload"]["request_id"]) == []
    assert len(settled(http, other).messages) == 3, "what the other one asks for still waits"


def at_once(running: Running, headers: dict[str, str], *messages: str) -> list[int]:
    """The statuses of these messages, all sent at the same moment."""

    def one(message: str) -> int:
        with httpx.Client(base_url=running.url, trust_env=False, timeout=30) as client:
            return post(client, headers, message).status_code

    with ThreadPoolExecutor(len(messages)) as pool:
        return sorted(pool.map(one, messages))


@pytest.mark.parametrize("word", ["pay", "sign", "trade"])
def test_of_many_answers_at_once_one_applies(http: httpx.Client, running: Running, word: str) -> None:
    headers = asked(http, running, word, older=word == "sign")
    (request,) = requests_in(http, headers)
    message = {
        "pay": said(TX, {**DONE, "txHash": "0x1", "pending_tx_ids": [1]}),
        "sign": said(SIGNED, {**DONE, "signature": "0x1", "pending_eip712_id": "1"}),
        "trade": said(APPROVAL, {"request_id": request["payload"].get("request_id"), "approved": True}),
    }[word]
    assert at_once(running, headers, *[message] * 6) == [200] + [400] * 5
    after = settled(http, headers)
    assert [text for sender, text in after.said if sender == "agent"][-1] in (SAID, TOLD)
    assert len([each for each in after.messages if each.tool_result]) == 2
    if word == "trade":
        assert len(trades_at(running, request["payload"]["request_id"])) == 1


def test_who_approves_and_who_rejects_at_once(http: httpx.Client, running: Running) -> None:
    headers = asked(http, running, "trade", older=False)
    (request,) = requests_in(http, headers)
    call = request["payload"]["request_id"]
    answers = [said(APPROVAL, {"request_id": call, "approved": approved}) for approved in (True, False)]
    assert at_once(running, headers, *answers) == [200, 400]
    result = json.loads([each.tool_result[1] for each in settled(http, headers).messages if each.tool_result][-1])
    assert len(trades_at(running, call)) == (0 if result.get("outcome") == "rejected" else 1)


def test_ids_may_be_texts_and_those_that_are_pending_count(http: httpx.Client, running: Running) -> None:
    headers = asked(http, running, "pay", older=False)
    for _ in range(2):
        snapshot(http.post("/api/chat", headers=headers, params={"app": "desk", "message": "pay"}))
    settled(http, headers)
    assert post(http, headers, said(TX, DONE)).status_code == 400, "three wait, and none is named"
    assert post(http, headers, said(TX, {**DONE, "pending_tx_ids": ["1", 1, 99]})).status_code == 200
    assert pending(settled(http, headers)) == ["2", "3"]
    assert post(http, headers, said(TX, {**DONE, "pending_tx_ids": ["02"]})).status_code == 200
    assert pending(settled(http, headers)) == ["3"]
    assert post(http, headers, said(TX, {**DONE, "pending_tx_ids": []})).status_code == 200, "one waits"
    assert pending(settled(http, headers)) == []


def pending(found: Snapshot) -> list[str]:
    assert found.user_state is not None
    return sorted(found.user_state["pending_txs"])


def test_what_answers_a_deleted_session_answers_nothing(http: httpx.Client, running: Running) -> None:
    headers = asked(http, running, "pay", older=False)
    assert http.delete(f"/api/sessions/{headers['X-Session-Id']}").status_code == 200
    assert post(http, headers, said(TX, {**DONE, "pending_tx_ids": [1]})).status_code == 400
    assert state(http, headers).messages == []


def test_a_system_event_is_in_one_snapshot_of_many_at_once(http: httpx.Client, running: Running) -> None:
    headers = session() | {"AOMI-APP-KEY": running.keys.desk}
    user_state = json.dumps({"address": ADDRESS, "chain_id": 1, "is_connected": True})
    begun: list[dict[str, Any]] = []
    for word in ("pay", "sign", "fail"):
        params = {"app": "desk", "message": word, "user_state": user_state}
        chat = http.post("/api/chat", headers=headers | {"Prefer": "respond-async"}, params=params)
        begun += snapshot(chat).system_events

    def poll(_: int) -> list[dict[str, Any]]:
        with httpx.Client(base_url=running.url, trust_env=False, timeout=30) as client:
            return [event for _ in range(15) for event in state(client, headers).system_events]

    with ThreadPoolExecutor(6) as pool:
        delivered = [event for events in pool.map(poll, range(6)) for event in events]
    delivered += [*begun, *_rest(http, headers)]
    every = http.get("/api/events", headers=headers).json()
    assert [next(iter(event)) for event in every] == ["InlineCall", "InlineCall", "SystemError"]
    assert sorted(map(json.dumps, delivered)) == sorted(map(json.dumps, every))
    assert http.get("/api/events", headers=headers, params={"count": 1}).json() == every[-1:]


def _rest(http: httpx.Client, headers: dict[str, str]) -> list[dict[str, Any]]:
    """The events that come until nothing runs any more."""
    events: list[dict[str, Any]] = []
    while True:
        found = state(http, headers)
        events += found.system_events
        if not found.is_processing:
            return events


def test_both_dialects_on_one_session_at_once(http: httpx.Client, running: Running) -> None:
    """An older client that streams, and a newer one that polls and follows updates: both see all that is said."""
    name = {"X-Session-Id": str(uuid4())}
    older, newer = name | {"X-API-Key": running.keys.desk}, name | {"AOMI-APP-KEY": running.keys.desk}
    flat = json.dumps({"address": ADDRESS, "chain_id": 1, "is_connected": True})
    nested = json.dumps({"evm": {"chain_id": "0x89"}})
    seen: list[dict[str, Any]] = []
    with (
        httpx.Client(base_url=running.url, trust_env=False, timeout=30) as theirs,
        theirs.stream("GET", "/api/updates", headers=newer) as updates,
        http.stream(
            "POST", "/api/chat", headers=older, params={"app": "desk", "user_state": flat}, json={"text": "slow one"}
        ) as streamed,
    ):
        lines = streamed.iter_lines()
        assert "started" in next(line for line in lines if line.startswith("data: "))
        params = {"app": "desk", "message": "pay later", "user_state": nested}
        asked_beside = snapshot(http.post("/api/chat", headers=newer | {"Prefer": "respond-async"}, params=params))
        assert asked_beside.is_processing
        assert asked_beside.user_state is not None
        assert asked_beside.user_state["chain_id"] == asked_beside.user_state["evm"]["chain_id"] == 137
        assert asked_beside.user_state["address"] == asked_beside.user_state["evm"]["address"] == ADDRESS
        stream = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
        for line in updates.iter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line.removeprefix("data: ")))
                if [event["type"] for event in seen].count("complete") == 2:
                    break
    assert stream[-1]["type"] == "complete"
    spoken = "".join(event["content"] for event in stream if event["type"] == "text")
    assert spoken == "one two three four "
    shown = [settled(http, headers) for headers in (older, newer)]
    assert shown[0].messages == shown[1].messages
    users = [content for sender, content in shown[0].said if sender == "user"]
    assert users == ["slow one", "pay later"]
    assert (spoken, TOLD) == tuple(content for sender, content in shown[0].said if sender == "agent")
    followed = "".join(event["content"] for event in seen if event["type"] == "text")
    assert followed == spoken + TOLD
    assert {"InlineCall"} <= {key for event in seen if event["type"] == "system_event" for key in event["event"]}
    assert requests_in(http, older) == requests_in(http, newer)
    answer = said(TX, {**DONE, "pending_tx_ids": [1]})
    assert at_once(running, older, answer) == [200], "the older client answers what the newer one asked for"
    assert state(http, newer).user_state["pending_txs"] == {}  # type: ignore[index]


def test_steps_that_never_end_come_to_an_end(http: httpx.Client, running: Running) -> None:
    headers = asked(http, running, "endless", older=False)
    found, until = settled(http, headers), time.monotonic() + 20
    while len(results := [each.tool_result for each in found.messages if each.tool_result]) < 2 * len(ENDLESS):
        assert time.monotonic() < until, results
        time.sleep(0.1)
        found = settled(http, headers)
    outcomes = dict(results[len(ENDLESS) :])
    assert "does not say how to ask" in outcomes.pop("Forget")
    assert {name: json.loads(text)["outcome"] for name, text in outcomes.items()} == dict.fromkeys(
        ("Stall", "Mumble", "Refuse"), "timed_out"
    )
    assert "404" in json.loads(outcomes["Refuse"])["last"]


def test_steps_of_a_deleted_session_are_not_gone_on_with(http: httpx.Client, running: Running) -> None:
    headers = asked(http, running, "withdraw", older=True)
    (pending_one,) = [each.id for each in settled(http, headers).messages if each.tool_result]
    call = pending_one.split("-", 2)[2]
    until = time.monotonic() + 20
    while not trades_at(running, call):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert http.delete(f"/api/sessions/{headers['X-Session-Id']}").status_code == 200
    time.sleep(0.5)
    asked_so_far = len(trades_at(running, call))
    time.sleep(2.5)  # the exchange is asked each second
    assert len(trades_at(running, call)) == asked_so_far
    assert state(http, headers).messages == []


def test_a_long_result_that_comes_later_comes_whole(http: httpx.Client, running: Running) -> None:
    with httpx.Client(base_url=running.exchange, trust_env=False) as client:
        for _ in range(200):
            client.get("/markets")
    headers = asked(http, running, "log", older=False)
    found, until = settled(http, headers), time.monotonic() + 20
    while len(results := [each.tool_result for each in found.messages if each.tool_result]) < 2:
        assert time.monotonic() < until
        time.sleep(0.1)
        found = settled(http, headers)
    pending_one, whole = (result[1] for result in results)
    assert json.loads(pending_one)["outcome"] == "pending"
    assert len(json.loads(whole)) >= 200, "all entries, not those that the model reads"
    assert len(whole) > 20_000
