"""What befalls a streamed function: it is frozen, its client leaves, its code fails, its time is over."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.built.sandbox import Sandbox
from tests.built.stream_function import StreamFunction
from tests.built.streamed_service import Streamed
from tests.contract.service import SAID
from tests.contract.shapes import Complete, Error, Received, snapshot, spoken, stream

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def http(streamed: Streamed) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=streamed.running.url, trust_env=False, timeout=60) as client:
        stream(client.post("/api/chat", headers=session(), json={"text": "hi"}))  # the first start takes seconds
        yield client


@contextmanager
def lasting(function: StreamFunction, seconds: float) -> Iterator[None]:
    """What begins in this block has so many seconds."""
    function.timeout = seconds
    yield
    function.timeout = None


def session() -> dict[str, str]:
    return {"X-Session-Id": str(uuid4())}


def at_rest(function: StreamFunction) -> Sandbox:
    """The function's only sandbox, once it is frozen again."""
    (sandbox,) = function.sandboxes
    deadline = time.monotonic() + 10
    while not sandbox.idle.is_set():
        assert time.monotonic() < deadline, "the function has an event in hand"
        time.sleep(0.01)
    return sandbox


def test_pieces_arrive_one_by_one(http: httpx.Client) -> None:
    times = []
    with http.stream("POST", "/api/chat", headers=session(), json={"text": "slow"}) as answer:
        for piece in answer.iter_raw():
            times += [time.monotonic()] * piece.count(b'"type":"text"')
    assert len(times) == 4
    assert all(0.15 < later - earlier < 1 for earlier, later in itertools.pairwise(times))


def test_one_sandbox_serves_one_request_after_the_other_and_stands_still_between_them(
    http: httpx.Client, streamed: Streamed
) -> None:
    frozen = at_rest(streamed.chat).frozen
    for _ in range(3):
        assert spoken(stream(http.post("/api/chat", headers=session(), json={"text": "hi"}))) == SAID
    assert at_rest(streamed.chat).frozen == frozen + 3


def entries(streamed: Streamed, headers: dict[str, str]) -> list[dict[str, Any]]:
    found = streamed.running.aws.client("dynamodb").query(
        TableName=streamed.running.outputs["SessionsTable"],
        KeyConditionExpression="pk = :pk AND begins_with(sk, :log)",
        ExpressionAttributeValues={":pk": {"S": partition(headers)}, ":log": {"S": "LOG#"}},
    )
    items: list[dict[str, Any]] = found["Items"]
    return items


def partition(headers: dict[str, str]) -> str:
    return f"SESSION#{headers['X-Session-Id']}"


def spoil(streamed: Streamed, headers: dict[str, str], number: int) -> None:
    """Put something into the session's log that nobody can read, which no code of ours does."""
    streamed.running.aws.client("dynamodb").put_item(
        TableName=streamed.running.outputs["SessionsTable"],
        Item={"pk": {"S": partition(headers)}, "sk": {"S": f"LOG#{number:012}"}, "nonce": {"S": "spoiled"}},
    )


def test_an_exception_does_not_spoil_the_next_request(http: httpx.Client, streamed: Streamed) -> None:
    spoiled = session()
    stream(http.post("/api/chat", headers=spoiled, json={"text": "hi"}))
    spoil(streamed, spoiled, len(entries(streamed, spoiled)) + 1)
    for _ in range(10):
        failed = http.post("/api/chat", headers=spoiled, json={"text": "hi"})
        assert failed.status_code == 500
        assert "request id" in failed.json()["error"]
        assert spoken(stream(http.post("/api/chat", headers=session(), json={"text": "hi"}))) == SAID
    assert len(streamed.chat.sandboxes) == 1


def test_a_failure_in_the_midst_of_a_stream_ends_it_with_an_error(http: httpx.Client, streamed: Streamed) -> None:
    headers = session()
    stream(http.post("/api/chat", headers=headers, json={"text": "hi"}))
    with http.stream("GET", "/api/updates", headers=headers) as answer:
        pieces = answer.iter_raw()
        assert next(pieces).startswith(b"id: ")
        spoil(streamed, headers, len(entries(streamed, headers)) + 1)
        rest = b"".join(pieces)
    assert b'"type":"error"' in rest
    assert b"Function-Error" not in rest
    with http.stream("GET", "/api/updates", headers=session()) as answer:
        assert next(answer.iter_raw()).startswith(b"id: ")


def test_a_client_that_leaves_ends_nothing(http: httpx.Client, streamed: Streamed) -> None:
    headers = session()
    with http.stream("POST", "/api/chat", headers=headers, json={"text": "slow"}) as answer:
        next(answer.iter_raw())
    assert not streamed.chat.sandboxes[0].idle.is_set()
    at_rest(streamed.chat)
    assert snapshot(http.get("/api/state", headers=headers)).said == [
        ("user", "slow"),
        ("agent", "one two three four "),
    ]


def usage_rows(streamed: Streamed) -> int:
    answer = streamed.running.aws.client("dynamodb").scan(
        TableName=streamed.running.outputs["RegistryTable"],
        FilterExpression="begins_with(pk, :usage)",
        ExpressionAttributeValues={":usage": {"S": "USAGE#"}},
        Select="COUNT",
    )
    return int(answer["Count"])


@pytest.mark.parametrize("message", ["hi", "tool", "fail"])
def test_nothing_is_left_to_do_after_the_last_byte(http: httpx.Client, streamed: Streamed, message: str) -> None:
    headers = session()
    before = usage_rows(streamed)
    *_, last = stream(http.post("/api/chat", headers=headers, json={"text": message}))
    sandbox = at_rest(streamed.chat)
    done = (entries(streamed, headers), usage_rows(streamed), len(streamed.running.provider.requests))
    assert done[0][-1]["kind"] == {"S": "end"}
    assert done[1] > before
    sent = streamed.traffic.sent
    assert sent > 0
    took = streamed.portal.call(sandbox.run_without_event, 1.5)
    assert streamed.traffic.sent == sent
    assert (entries(streamed, headers), usage_rows(streamed), len(streamed.running.provider.requests)) == done
    assert took < 0.1
    assert isinstance(last.event, Complete | Error)


def test_a_turn_whose_function_runs_out_of_time_is_handed_on_and_finishes_elsewhere(
    http: httpx.Client, streamed: Streamed
) -> None:
    headers = session()
    asked = len(streamed.running.provider.requests)
    with lasting(streamed.chat, 48):  # 45 s before its end a runner lets go
        received = stream(http.post("/api/chat", headers=headers, json={"text": "long"}))
    assert isinstance(received[-1].event, Complete)
    after = snapshot(http.get("/api/state", headers=headers))
    assert spoken(received) == after.answer
    assert after.answer.startswith("0 1 2 3 ")
    assert after.answer.endswith(SAID)
    assert len(streamed.running.provider.requests) == asked + 2
    kinds = [entry["kind"]["S"] for entry in entries(streamed, headers)]
    assert kinds.count("turn") == kinds.count("end") == 1


def test_a_stream_whose_function_is_over_is_resumed_in_another(http: httpx.Client, streamed: Streamed) -> None:
    headers = {**session(), "Idempotency-Key": "once"}
    whole: list[Received] = []
    cuts = 0
    http.post("/api/chat?message=long", headers={**headers, "Prefer": "respond-async"})  # it runs in the worker
    with lasting(streamed.chat, 6):
        while not whole or not isinstance(whole[-1].event, Complete):
            resumed = {"Last-Event-ID": str(whole[-1].id)} if whole else {}
            began = time.monotonic()
            came = stream(http.post("/api/chat", headers={**headers, **resumed}, json={"text": "long"}))
            assert time.monotonic() - began < 6
            whole += _certain(came)
            cuts += 1
    assert cuts > 1
    assert spoken(whole) == snapshot(http.get("/api/state", headers=headers)).answer == "0 1 2 3 4 5 6 7 8 9 "


def _certain(received: list[Received]) -> list[Received]:
    """Without the text after the last id, which is provisional."""
    last = max((place for place, each in enumerate(received) if each.id is not None), default=-1)
    return received[: last + 1]
