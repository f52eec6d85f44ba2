"""What a function writes of itself, on the standard output that CloudWatch reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from attache.telemetry.about import session_mark
from tests.functional.functions.test_handlers import Environment, environment, started
from tests.servers.openai_server import OpenAIServer
from tests.servers.script import Refusal, text

__all__ = ["environment"]  # the fixture
PRIVATE = "a private matter"


def lines_of(log: Path) -> list[dict[str, Any]]:
    """Every line is an object: nothing else is written."""
    return [json.loads(line) for line in log.read_text().splitlines()]


async def chatted(environment: Environment, log: Path, *answers: Any, **settings: str) -> str:
    """A turn by the chat function, behind an adapter that says which invocation it is. Returns the session."""
    session_id = str(uuid4())
    async with OpenAIServer(answers) as provider:
        known = {**environment, "ATTACHE_STAGE": "tried", "ATTACHE_DEMO_MODEL_URL": provider.url, **settings}
        async with started({**known, "AWS_LAMBDA_FUNCTION_NAME": "chat"}, "chat", log) as client:
            headers = {
                "X-Session-Id": session_id,
                "Accept": "text/event-stream",
                "x-amzn-lambda-context": json.dumps({"request_id": "r-1"}),
            }
            await client.post("/api/chat", params={"message": PRIVATE}, headers=headers)
            before = lines_of(log)
    assert lines_of(log) == before, "nothing is written after the last byte"
    return session_id


async def test_a_turn_is_one_line_of_metrics(environment: Environment, tmp_path: Path) -> None:
    await chatted(environment, tmp_path / "log", text("Hello ", "there"))
    (line,) = lines_of(tmp_path / "log")
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Attache"
    assert (line["stage"], line["app"], line["Turns"]) == ("tried", "default", [1.0])
    assert {"FirstToken", "TurnTime", "InputTokens", "OutputTokens"} <= line.keys()


async def test_a_failure_says_whom_it_is_about_by_marks_only(environment: Environment, tmp_path: Path) -> None:
    session_id = await chatted(environment, tmp_path / "log", Refusal(401, "no such key"))
    failed, metrics = lines_of(tmp_path / "log")
    assert failed["message"].startswith("a model failed: provider_refused")
    assert {name: failed[name] for name in ("level", "session", "request", "app", "stage", "function")} == {
        "level": "WARNING",
        "session": session_mark(session_id),
        "request": "r-1",
        "app": "default",
        "stage": "tried",
        "function": "chat",
    }
    assert metrics["FailedTurns"] == [1.0]
    written = (tmp_path / "log").read_text()
    assert PRIVATE not in written
    assert session_id not in written


@pytest.mark.parametrize("switch", ["on", "off"])
async def test_what_is_said_is_logged_where_that_is_asked_for(
    environment: Environment, tmp_path: Path, switch: str
) -> None:
    await chatted(environment, tmp_path / "log", text("Hello"), ATTACHE_LOG_MESSAGES=switch)
    said = [line["message"] for line in lines_of(tmp_path / "log") if "message" in line]
    assert [PRIVATE in message for message in said] == ([True, False] if switch == "on" else [])


async def test_metrics_are_written_however_quiet_the_log_is(environment: Environment, tmp_path: Path) -> None:
    await chatted(environment, tmp_path / "log", Refusal(401, "no such key"), ATTACHE_LOG_LEVEL="ERROR")
    (line,) = lines_of(tmp_path / "log")
    assert line["FailedTurns"] == [1.0]
