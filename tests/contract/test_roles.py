"""Nothing that functions do is refused by their roles: busy sessions, on an AWS that asks IAM about each request."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.contract.roles import roles_ground
from tests.contract.service import Running, running_service

pytestmark = [pytest.mark.aws, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def separate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """At its end it fails where a function was refused anything."""
    with running_service(tmp_path_factory.mktemp("roles"), roles_ground) as running:
        yield running


@pytest.mark.parametrize("word", ["hi", "tool"])
def test_nothing_is_refused_in_a_busy_session(separate: Running, word: str) -> None:
    client_id, headers = str(uuid4()), {"X-Session-Id": str(uuid4())}
    key = {"AOMI-APP-KEY": separate.keys.desk}
    with httpx.Client(base_url=separate.url, headers=headers, trust_env=False, timeout=60) as http:
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


def settle(http: httpx.Client) -> None:
    """Wait until nothing runs, half a minute at most."""
    until = time.monotonic() + 30
    while http.get("/api/state").json()["is_processing"] and time.monotonic() < until:
        time.sleep(0.5)
