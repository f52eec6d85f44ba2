"""Nothing that functions do is refused by their roles: busy sessions, on an AWS that asks IAM about each request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest

from attache.aws import Item
from attache.sessions.dynamo_items import key
from attache.turns.wakeups import Purge
from tests.contract import test_http_pending as pending
from tests.contract import test_http_summaries as summaries
from tests.contract import test_http_wallet as wallets
from tests.contract.roles import roles_ground
from tests.contract.service import Running, running_service
from tests.contract.shapes import snapshot
from tests.contract.test_http_system import asked

pytestmark = [pytest.mark.aws, pytest.mark.slow, pytest.mark.xdist_group("roles"), pytest.mark.timeout(240)]

# Tests of the contract that need rights which a plain conversation does not
proving, wallet = wallets.proving, wallets.wallet
test_who_signs_in_binds_and_lists = wallets.test_who_signs_in_binds_and_lists
test_a_chat_binds_with_a_proof_only = wallets.test_a_chat_binds_with_a_proof_only
test_the_assistant_knows_of_the_proven_wallets_other_sessions_in_this_app_and_of_no_others = (
    wallets.test_the_assistant_knows_of_the_proven_wallets_other_sessions_in_this_app_and_of_no_others
)
test_sixty_turns_are_remembered_in_prompts_that_do_not_grow = (
    summaries.test_sixty_turns_are_remembered_in_prompts_that_do_not_grow
)
test_a_long_result_that_comes_later_comes_whole = pending.test_a_long_result_that_comes_later_comes_whole


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """At its end it fails where a function was refused anything."""
    with running_service(tmp_path_factory.mktemp("roles"), roles_ground) as running:
        yield running


@pytest.fixture(scope="module")
def http(running: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.url, trust_env=False, timeout=60) as client:
        yield client


@pytest.mark.parametrize("word", ["hi", "tool"])
def test_nothing_is_refused_in_a_busy_session(running: Running, word: str) -> None:
    client_id, headers = str(uuid4()), {"X-Session-Id": str(uuid4())}
    key = {"AOMI-APP-KEY": running.keys.desk}
    with httpx.Client(base_url=running.url, headers=headers, trust_env=False, timeout=60) as http:
        answers = [
            http.post("/api/sessions", json={"public_key": "0x" + "1" * 40}),
            http.post("/api/secrets", json={"client_id": client_id, "secrets": {"API_KEY": "x"}}),
            http.post("/api/chat?app=desk", json={"text": word, "client_id": client_id}, headers=key),
            http.post("/api/chat", params={"app": "desk", "message": "hi", "client_id": client_id}, headers=key),
            http.post("/api/system", json={"message": "plain words"}),
            http.get("/api/state", params={"user_state": '{"address": "0x1"}'}),
            http.get("/api/events"),
            http.post("/api/control/model?app=desk&rig=gpt-4o", headers=key),
            http.get("/api/control/apps", headers=key),
            http.get("/api/control/models"),
            http.get("/api/control/provider-keys", params={"client_id": client_id}),
            http.get("/api/wallet/nonce", params={"public_key": "0x" + "1" * 40}),
            http.get("/api/sessions", params={"public_key": "0x" + "1" * 40}),
        ]
        settle(http)
        answers += [
            http.post("/api/interrupt"),
            http.post(f"/api/sessions/{headers['X-Session-Id']}/archive"),
            http.delete("/api/secrets", params={"client_id": client_id}),
            http.delete(f"/api/sessions/{headers['X-Session-Id']}"),
        ]
    assert [(str(each.request.url), each.status_code) for each in answers if each.status_code != 200] == []


def settle(http: httpx.Client, headers: Mapping[str, str] | None = None) -> None:
    """Wait until nothing runs, half a minute at most."""
    until = time.monotonic() + 30
    while http.get("/api/state", headers=headers).json()["is_processing"] and time.monotonic() < until:
        time.sleep(0.5)


def test_a_deleted_session_is_purged_with_its_long_results(http: httpx.Client, running: Running) -> None:
    with httpx.Client(base_url=running.exchange, trust_env=False) as client:
        for _ in range(200):
            client.get("/markets")
    headers, until = asked(http, running, "log", older=False), time.monotonic() + 30
    while not kept(running, headers["X-Session-Id"]):
        assert time.monotonic() < until
        time.sleep(0.2)
    settle(http, headers)
    tag = snapshot(http.get("/api/state", headers=headers)).last_event_id.partition("-")[0]
    session_id = headers["X-Session-Id"]
    assert http.delete(f"/api/sessions/{session_id}").status_code == 200
    purge = Purge(session_id=session_id, tag=tag)  # as its own, which comes in a quarter of an hour
    call(running, "sqs", "send_message", QueueUrl=running.outputs["TurnsQueueUrl"], MessageBody=purge.model_dump_json())
    until = time.monotonic() + 60
    while kept(running, session_id) or len(entries(running, session_id)) > 1:
        assert time.monotonic() < until, (kept(running, session_id), entries(running, session_id))
        time.sleep(0.2)
    assert [item["kind"]["S"] for item in entries(running, session_id)] == ["deleted"]


def kept(running: Running, session_id: str) -> list[str]:
    """What the bucket has of a session, by key."""
    bucket, prefix = running.outputs["DataBucket"], f"sessions/{session_id}/"
    found = call(running, "s3", "list_objects_v2", Bucket=bucket, Prefix=prefix)
    return [each["Key"] for each in found.get("Contents", ())]


def entries(running: Running, session_id: str) -> list[Item]:
    """The log of a session, and what stands beside it."""
    found = call(
        running,
        "dynamodb",
        "query",
        TableName=running.outputs["SessionsTable"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": key(session_id, "")["pk"]},
    )
    return [item for item in found["Items"] if not item["sk"]["S"].startswith("IDEM#")]


def call(running: Running, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
    return asyncio.run(running.aws.call(service, operation, **parameters))
