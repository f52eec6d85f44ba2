from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from attache_openapi.breaking import breaking
from attache_openapi.files import described

Json = dict[str, Any]
CHAT = "/api/chat"


@pytest.fixture(scope="module")
def ours() -> Json:
    return described()


def changed(document: Json, place: str, value: Any = None) -> Json:
    """A copy with `value` at a place as `paths|/api/chat|post`, or without what stands there."""
    copy = deepcopy(document)
    *way, last = place.split("|")
    at: Any = copy
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at[step]
    last = int(last) if isinstance(at, list) else last  # type: ignore[assignment]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return copy


def test_nothing_breaks_where_nothing_changed(ours: Json) -> None:
    assert breaking(ours, deepcopy(ours)) == []


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("paths|/api/chat|post", None, "POST /api/chat is gone"),
        ("paths|/api/sessions/{session_id}", None, "PATCH /api/sessions/{session_id} is gone"),
        ("paths|/api/chat|post|parameters|0|required", True, "the header parameter X-Session-Id is required now"),
        ("paths|/api/chat|post|parameters|2", None, "POST /api/chat: the query parameter app is no longer taken"),
        ("paths|/api/control/apps|get|parameters|2|schema|enum", [], "no longer takes 'names'"),
        ("paths|/api/chat|post|requestBody", None, "POST /api/chat: the body is no longer taken"),
        ("paths|/api/chat|post|requestBody|required", True, "POST /api/chat: a body is required now"),
        ("components|schemas|ChatBody|properties|text", None, "POST /api/chat: the body's text is no longer taken"),
        ("components|schemas|ChatBody|required", ["app"], "POST /api/chat: the body's app is required now"),
        ("paths|/api/chat|post|responses|200", None, "POST /api/chat: the answer 200 is gone"),
        ("paths|/api/chat|post|responses|200|content|text/event-stream", None, "is no longer text/event-stream"),
        ("components|schemas|Snapshot|properties|title", None, "GET /api/state: the answer 200 has no title any more"),
        ("components|schemas|Message|properties|id", None, "the answer 200.messages[] has no id any more"),
        ("components|schemas|Snapshot|required", ["title"], "does not always have session_id any more"),
        ("components|schemas|Snapshot|properties|title", {"type": "integer"}, "200.title is no longer of type string"),
        ("components|schemas|Message|properties|sender|enum", ["user", "bot"], "messages[].sender may be 'bot' now"),
        ("components|schemas|Complete|properties|status", None, "POST /api/chat: an event has no status any more"),
        ("components|schemas|ChatEvent|anyOf", [], "POST /api/chat: an event has lost a form: ToolCall"),
        ("components|schemas|Error|properties|error", None, "the answer 400 has no error any more"),
    ],
)  # fmt: skip
def test_what_clients_rely_on_may_not_change(ours: Json, place: str, value: Any, said: str) -> None:
    found = breaking(ours, changed(ours, place, value))
    assert any(said in each for each in found), found


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("paths|/api/new", {"get": {"responses": {"200": {}}}}),
        ("components|schemas|Snapshot|properties|mood", {"type": "string"}),
        ("components|schemas|ChatBody|properties|mood", {"type": "string"}),
        ("paths|/api/chat|post|summary", "Chat."),
        ("paths|/api/chat|post|responses|418", {"description": "A teapot."}),
        ("paths|/api/chat|post|responses|413", None),
    ],
)
def test_what_is_new_breaks_nobody(ours: Json, place: str, value: Any) -> None:
    assert breaking(ours, changed(ours, place, value)) == []
