from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from attache.telemetry.about import noted
from attache.telemetry.powertools_logs import OURS, log_as_json

KNOWN = {"service": "attache", "stage": "dev", "function": "attache-chat"}


class Written:
    """What a process wrote."""

    def __init__(self, level: str) -> None:
        self.stream = io.StringIO()
        log_as_json(level, KNOWN, self.stream)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture(autouse=True)
def loggers_as_they_were() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in OURS}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)


def test_a_line_says_where_and_whom_it_is_about() -> None:
    written = Written("INFO")
    with noted(session="1f9b", request="r1", app="shop"):
        logging.getLogger("attache.turns.runner").warning("a turn failed: %s", "why", extra={"tag": "074381eb"})
    (line,) = written.lines
    assert line.pop("timestamp").endswith("+00:00")
    assert line.pop("location").startswith("test_")
    assert line == {
        "level": "WARNING",
        "message": "a turn failed: why",
        "tag": "074381eb",
        "session": "1f9b",
        "request": "r1",
        "app": "shop",
        **KNOWN,
    }


def test_an_exception_stays_on_its_line() -> None:
    written = Written("INFO")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("attache").exception("bad")
    (line,) = written.lines
    assert line["exception_name"] == "ValueError"
    assert "two\nlines" in line["exception"]


def test_others_say_no_more_than_warnings_however_loud_we_are() -> None:
    written = Written("DEBUG")
    for name in ("botocore", "LiteLLM", "httpcore", "attache.x", "functions.x"):
        logging.getLogger(name).debug("from %s", name)
        logging.getLogger(name).info("from %s", name)
    logging.getLogger("botocore").warning("from botocore")
    assert [line["message"] for line in written.lines] == [
        *["from attache.x"] * 2, *["from functions.x"] * 2, "from botocore",
    ]  # fmt: skip


@pytest.mark.parametrize(("level", "said"), [("INFO", 2), ("WARN", 1), ("WARNING", 1), ("ERROR", 0)])
def test_ours_are_written_from_their_level_on(level: str, said: int) -> None:
    written = Written(level)
    logging.getLogger("attache").info("x")
    logging.getLogger("attache").warning("x")
    assert len(written.lines) == said
