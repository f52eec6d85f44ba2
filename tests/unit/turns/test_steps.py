"""How far a call with steps is, as an API's answers say it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from attache.tools.http_tool import Steps
from attache.tools.tool import ToolResult
from attache.turns.steps import Progress, poll_arguments, progress
from tests.unit.tools.tools import http_tool


def said(answer: Any, done: str, failed: str = "failed") -> Progress:
    steps = Steps(poll=http_tool(), arguments={}, field="it.state", done=(done,), failed=(failed,), interval=1, limit=1)
    return progress(steps, ToolResult("ok", json.dumps({"it": {"state": answer}})))


@pytest.mark.parametrize(("value", "word"), [("settled", "settled"), (True, "true"), (False, "false"), (2, "2")])
def test_a_value_is_compared_as_json_has_it(value: Any, word: str) -> None:
    assert said(value, word).state == "done"
    assert said(value, "else", word).state == "failed"
    assert said(value, "else") == Progress("going on", word)


@pytest.mark.parametrize("word", ["None", "null", ""])
def test_no_value_is_no_word(word: str) -> None:
    assert said(None, word) == Progress("going on", "")


def test_what_is_told_of_more_than_a_word_is_json() -> None:
    assert said({"part": [1, None]}, "done") == Progress("going on", '{"part": [1, null]}')


@pytest.mark.parametrize(
    ("declared", "answered", "sent"),
    [
        ("string", 17, "17"),
        ("string", "17", "17"),
        ("integer", "17", 17),
        ("integer", "w-17", "w-17"),
        (["string", "null"], 17, "17"),
        (["string", "integer"], 17, 17),
        (["string", "integer"], "17", "17"),
        ("boolean", True, True),
        (None, 17, 17),
    ],
)
def test_the_poll_gets_an_id_in_the_type_that_it_takes(declared: Any, answered: Any, sent: Any) -> None:
    properties = {"id": {"type": declared} if declared else {}}
    poll = http_tool(parameters={"type": "object", "properties": properties})
    steps = Steps(poll=poll, arguments={"id": "job.id"}, field="state", done=("done",), interval=1, limit=1)
    found = poll_arguments(steps, ToolResult("ok", json.dumps({"job": {"id": answered}})))
    assert json.dumps(found) == json.dumps({"id": sent})
