"""Sessions: made, listed, renamed, archived, deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.shapes import snapshot


def new(http: httpx.Client, **body: Any) -> str:
    session_id = str(uuid4())
    answer = http.post("/api/sessions", headers={"X-Session-Id": session_id}, json=body or None)
    assert answer.json() == {"session_id": session_id, "title": "New chat", "created": True}
    return session_id


def test_a_session_is_made_once(http: httpx.Client) -> None:
    session_id = new(http)
    http.patch(f"/api/sessions/{session_id}", json={"title": "Mine"})
    again = http.post("/api/sessions", headers={"X-Session-Id": session_id}, json={"public_key": "0xother"})
    assert again.json() == {"session_id": session_id, "title": "Mine", "created": False}
    assert http.get("/api/sessions", params={"public_key": "0xother"}).json() == []


def test_a_session_as_it_is_shown(http: httpx.Client) -> None:
    session_id = new(http)
    shown = http.get(f"/api/sessions/{session_id}").json()
    (thread,) = shown.pop("threads")
    assert shown == {"session_id": session_id, "title": "New chat", "is_archived": False}
    assert set(thread) == {"id", "title", "created_at", "updated_at"}
    assert (thread["id"], thread["title"]) == (session_id, "New chat")
    for time in ("created_at", "updated_at"):
        assert thread[time].endswith("Z")
        assert datetime.fromisoformat(thread[time]).utcoffset() is not None


def test_what_is_changed_is_shown(http: httpx.Client) -> None:
    session_id = new(http)
    for method, path, body, field, value in (
        ("PATCH", "", {"title": " Prices "}, "title", "Prices"),
        ("POST", "/archive", None, "is_archived", True),
        ("POST", "/archive", None, "is_archived", True),
        ("POST", "/unarchive", None, "is_archived", False),
    ):
        answer = http.request(method, f"/api/sessions/{session_id}{path}", json=body)
        assert answer.status_code == 200
        assert http.get(f"/api/sessions/{session_id}").json() == answer.json()
        assert answer.json()[field] == value
    assert snapshot(http.get("/api/state", params={"session_id": session_id})).title == "Prices"


def test_the_path_says_which_session_is_meant(http: httpx.Client) -> None:
    here, there = new(http), new(http)
    in_here = {"X-Session-Id": here}
    http.patch(f"/api/sessions/{there}", headers=in_here, json={"title": "There"})
    assert http.get(f"/api/sessions/{there}", headers=in_here).json()["title"] == "There"
    assert http.delete(f"/api/sessions/{there}", headers=in_here).status_code == 200
    assert http.get(f"/api/sessions/{here}").json()["title"] == "New chat"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/archive"), ("POST", "/unarchive")],
)
def test_a_session_that_is_not_there(http: httpx.Client, method: str, path: str) -> None:
    unused, deleted = str(uuid4()), new(http)
    http.delete(f"/api/sessions/{deleted}")
    for session_id in (unused, deleted):
        answer = http.request(method, f"/api/sessions/{session_id}{path}", json={"title": "Mine"})
        assert answer.status_code == 404
        assert set(answer.json()) == {"error"}


def test_a_wallet_has_its_sessions_newest_first(http: httpx.Client) -> None:
    wallet = "0xAbC" + uuid4().hex + "000"
    first, second, third = (new(http, public_key=wallet) for _ in range(3))
    new(http, public_key="0xsomebody")
    http.delete(f"/api/sessions/{second}")
    http.post(f"/api/sessions/{first}/archive")
    for spelled in (wallet, wallet.lower()):
        listed = http.get("/api/sessions", params={"public_key": spelled}, headers={"X-Session-Id": str(uuid4())})
        assert listed.json() == [
            {"session_id": third, "title": "New chat", "is_archived": False},
            {"session_id": first, "title": "New chat", "is_archived": True},
        ]


def test_a_chat_binds_a_wallet_too(http: httpx.Client) -> None:
    session_id, wallet = str(uuid4()), "0x" + uuid4().hex
    params = {"message": "hi", "public_key": wallet}
    http.post("/api/chat", params=params, headers={"X-Session-Id": session_id, "Prefer": "respond-async"})
    (listed,) = http.get("/api/sessions", params={"public_key": wallet}).json()
    assert listed["session_id"] == session_id


def test_a_deleted_session_is_forgotten_and_its_id_may_be_used_again(http: httpx.Client) -> None:
    session_id = str(uuid4())
    headers = {"X-Session-Id": session_id}
    before = snapshot(http.post("/api/chat?message=hi", headers=headers))
    assert http.delete(f"/api/sessions/{session_id}").status_code == 200
    assert snapshot(http.get("/api/state", headers=headers)).messages == []
    after = snapshot(http.post("/api/chat?message=hi", headers=headers))
    assert len(after.messages) == 2
    assert after.last_event_id.split("-")[0] != before.last_event_id.split("-")[0]
