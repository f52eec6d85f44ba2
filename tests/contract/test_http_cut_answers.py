"""An answer that the provider's token limit cuts, in both dialects."""

from __future__ import annotations

from uuid import uuid4

import httpx

from tests.contract.service import SAID
from tests.contract.shapes import Complete, snapshot, spoken, stream


def session() -> dict[str, str]:
    return {"X-Session-Id": str(uuid4())}


def test_a_snapshot_tells_it_once(http: httpx.Client) -> None:
    headers = session()
    first = snapshot(http.post("/api/chat?message=cut", headers={**headers, "Prefer": "wait=20"}))
    second = snapshot(http.get("/api/state", headers=headers))
    assert (first.answer, first.status, second.system_events) == (SAID, "idle", [])
    (event,) = first.system_events
    assert "limit of tokens" in event["SystemNotice"]
    assert http.get("/api/events", headers=headers).json() == [event]


def test_a_stream_ends_well_and_the_next_snapshot_tells_it(http: httpx.Client) -> None:
    headers = session()
    events = stream(http.post("/api/chat", headers=headers, json={"text": "cut"}))
    assert spoken(events) == SAID
    assert isinstance(events[-1].event, Complete)
    assert events[-1].event.status == "done"
    found = snapshot(http.get("/api/state", headers=headers))
    assert [next(iter(event)) for event in found.system_events] == ["SystemNotice"]
