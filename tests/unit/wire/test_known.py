from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from attache.telemetry.about import session_mark
from attache.wire.known import known_of

ONE, OTHER = "3f1c2c9e-8a53-4a86-9d7b-0f5d3f6a2b11", "11111111-8a53-4a86-9d7b-0f5d3f6a2b11"


def scope(path: str = "/api/chat", query: str = "", **headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "path": path, "query_string": query.encode(), "headers": named}


@pytest.mark.parametrize(
    "asked",
    [
        scope(x_session_id=ONE),
        scope(x_session_id=f" {ONE.upper()} "),
        scope(query=f"session_id={ONE}"),
        scope(query=f"app=shop&session_id={ONE}&x=y"),
        scope(f"/api/sessions/{ONE}"),
        scope(f"/api/sessions/{ONE}/archive", x_session_id=OTHER),
    ],
)
def test_a_session_is_known_by_its_mark_wherever_it_is_said(asked: dict[str, Any]) -> None:
    assert known_of(asked) == {"session": session_mark(ONE)}


@pytest.mark.parametrize(
    "asked",
    [
        scope(),
        scope(x_session_id="x"),
        scope(x_session_id=f"{ONE}\n"[:-2]),
        scope(query=f"message={ONE}"),
        scope("/\ud800"),
    ],
)
def test_what_is_no_session_is_none(asked: dict[str, Any]) -> None:
    assert known_of(asked) == {}


def test_the_adapter_says_which_request_it_is_and_how_it_is_traced() -> None:
    context = json.dumps({"request_id": "r1", "deadline": 1, "xray_trace_id": "Root=1-a;Parent=b;Sampled=1"})
    known = known_of(scope(x_amzn_lambda_context=context))
    assert known == {"request": "r1", "trace": "Root=1-a;Parent=b;Sampled=1"}


def test_mangum_says_which_request_it_is() -> None:
    assert known_of(scope() | {"aws.context": SimpleNamespace(aws_request_id="r2")}) == {"request": "r2"}


@pytest.mark.parametrize("context", ["", "[]", "{", '{"request_id": 5}', '{"request_id": "a\\nb"}', '"x"', "null"])
def test_nonsense_from_outside_is_not_repeated(context: str) -> None:
    assert known_of(scope(x_amzn_lambda_context=context)) == {}
