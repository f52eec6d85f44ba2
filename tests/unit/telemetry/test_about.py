from __future__ import annotations

import hashlib
import logging

from attache.telemetry.about import ContextFilter, about, note, noted, session_mark

SESSION = "3f1c2c9e-8a53-4a86-9d7b-0f5d3f6a2b11"


def record(**extra: str) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "attache", "msg": "said", **extra})
    assert ContextFilter().filter(made)
    return made


def test_what_is_known_is_known_for_as_long_as_the_work_goes_on() -> None:
    with noted(session="s"):
        note(app="shop")
        assert about() == {"session": "s", "app": "shop"}
    assert about() == {}


def test_a_record_bears_what_is_known_but_no_trace() -> None:
    with noted(session="s", trace="Root=1"):
        made = record()
    assert made.__dict__["session"] == "s"
    assert "trace" not in made.__dict__


def test_what_a_record_says_itself_stands() -> None:
    with noted(name="other", app="shop"):
        made = record(app="bank")
    assert (made.name, made.__dict__["app"]) == ("attache", "bank")


def test_a_session_is_marked_so_that_its_owner_finds_it_and_nobody_else_gets_in() -> None:
    assert session_mark(SESSION) == session_mark(SESSION.upper()) == hashlib.sha256(SESSION.encode()).hexdigest()[:12]
    assert session_mark(SESSION) not in SESSION
