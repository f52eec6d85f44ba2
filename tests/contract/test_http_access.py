"""Who may do what: keys, apps, and the sessions that belong to them."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from tests.contract.service import SAID, Running
from tests.contract.shapes import snapshot, spoken, stream

KEY_HEADERS = ("AOMI-APP-KEY", "X-API-Key")


def session() -> dict[str, str]:
    return {"X-Session-Id": str(uuid4())}


def key_for(running: Running, whose: str | None) -> dict[str, str]:
    return {} if whose is None else {"AOMI-APP-KEY": getattr(running.keys, whose)}


@pytest.mark.parametrize("header", KEY_HEADERS)
@pytest.mark.parametrize(
    ("app", "whose", "status"),
    [
        (None, None, 200),
        ("default", None, 200),
        ("default", "shop", 200),
        ("shop", "shop", 200),
        ("shop", None, 401),
        ("shop", "other", 403),
        ("nothing", None, 401),
        ("nothing", "shop", 403),
        ("gone", None, 401),
        ("gone", "other", 403),
        ("gone", "shop", 404),
    ],
)
@pytest.mark.parametrize("endpoint", ["/api/chat", "/api/control/model"])
def test_which_app_a_key_opens(
    http: httpx.Client,
    running: Running,
    header: str,
    app: str | None,
    whose: str | None,
    status: int,
    endpoint: str,
) -> None:
    key = {} if whose is None else {header: str(getattr(running.keys, whose))}
    params = {"message": "hi", "rig": "gpt-4o"} | ({} if app is None else {"app": app})
    headers = {**session(), "Prefer": "respond-async", **key}
    assert http.post(endpoint, headers=headers, params=params).status_code == status


def test_the_app_may_be_named_in_the_body(http: httpx.Client, running: Running) -> None:
    headers = {**session(), **key_for(running, "shop")}
    assert spoken(stream(http.post("/api/chat", headers=headers, json={"text": "hi", "app": "shop"}))) == SAID


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/state"),
        ("GET", "/api/events"),
        ("POST", "/api/system?message=hi"),
        ("POST", "/api/interrupt"),
        ("GET", "/api/control/models"),
        ("GET", "/api/session/models"),
        ("GET", "/api/sessions/{id}"),
        ("POST", "/api/sessions/{id}/archive"),
        ("POST", "/api/sessions"),
    ],
)
@pytest.mark.parametrize(("whose", "status"), [(None, 200), ("shop", 200), ("other", 403)])
def test_a_session_is_open_to_its_id_and_closed_to_a_key_of_another_app(
    http: httpx.Client, running: Running, method: str, path: str, whose: str | None, status: int
) -> None:
    begun = session()
    http.post("/api/control/model?app=shop&rig=gpt-4o", headers={**begun, **key_for(running, "shop")})
    answer = http.request(method, path.format(id=begun["X-Session-Id"]), headers={**begun, **key_for(running, whose)})
    assert answer.status_code == status


def test_a_session_belongs_to_the_app_of_its_first_keyed_chat(http: httpx.Client, running: Running) -> None:
    headers = {**session(), "Prefer": "respond-async"}
    shop, other = key_for(running, "shop"), key_for(running, "other")
    assert http.post("/api/chat?message=hi", headers=headers).status_code == 200
    assert http.post("/api/chat?message=hi&app=shop", headers={**headers, **shop}).status_code == 200
    moved_on = http.post("/api/chat?message=hi&app=other", headers={**headers, **other})
    assert (moved_on.status_code, "new session" in moved_on.json()["error"]) == (403, True)
    assert http.post("/api/chat?message=hi", headers=headers).status_code == 403
    chosen = http.post("/api/control/model?rig=gpt-4o", headers={**headers, **shop})
    assert chosen.status_code == 200, "the model is chosen for the session's app, unless another is named"


def test_without_the_default_app_nothing_is_open_without_a_key(running: Running) -> None:
    with httpx.Client(base_url=running.without_default, trust_env=False, timeout=30) as http:
        headers = session()
        assert http.post("/api/chat?message=hi", headers=headers).status_code == 404
        assert http.get("/api/control/models").status_code == 404
        assert http.get("/api/control/apps").json() == []
        headers |= {"X-API-Key": running.keys.shop, "Prefer": "respond-async"}
        assert http.get("/api/control/apps", headers=headers).json() == ["shop"]
        assert http.post("/api/chat?message=hi&app=shop", headers=headers).status_code == 200
        assert http.get("/health").json()["status"] == "ok"


def test_two_dialects_share_one_session(http: httpx.Client, running: Running) -> None:
    begun = session()
    older = http.post(
        "/api/chat", params={"app": "shop"}, json={"text": "hi"}, headers={**begun, "X-API-Key": running.keys.shop}
    )
    newer = http.post(
        "/api/chat", params={"app": "shop", "message": "hi"}, headers={**begun, "AOMI-APP-KEY": running.keys.shop}
    )
    assert spoken(stream(older)) == snapshot(newer).answer == SAID
    by_query = snapshot(http.get("/api/state", params={"session_id": begun["X-Session-Id"]}))
    assert by_query.said == snapshot(newer).said == [("user", "hi"), ("agent", SAID)] * 2
