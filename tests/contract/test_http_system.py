"""System messages: what a client says beside the conversation, in both dialects."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.shapes import Message, snapshot


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
