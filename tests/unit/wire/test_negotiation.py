from __future__ import annotations

import pytest

from attache.wire.negotiation import Form, snapshot_wait, wanted_form


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("text/event-stream", "stream"),
        ("application/json", "snapshot"),
        ("TEXT/Event-Stream", "stream"),
        ("application/json; charset=utf-8", "snapshot"),
        ("text/event-stream, */*", "stream"),
        ("application/json, text/plain, */*", "snapshot"),  # axios
        ("text/event-stream;q=0.5, application/json", "snapshot"),
        ("text/event-stream, application/json;q=0.9", "stream"),
        ("application/*", "snapshot"),
        ("text/*;q=0.1", "stream"),
        ("application/json;q=0, */*", "stream"),
        ("text/event-stream;q=0, */*;q=0.1", "snapshot"),
        ("text/event-stream;q=nonsense, application/json;q=0.1", "snapshot"),
        ("application/json;v=1;Q=0.2, text/event-stream", "stream"),
    ],
)
def test_accept_chooses(accept: str, form: Form) -> None:
    assert wanted_form(accept, "stream") == form
    assert wanted_form(accept, "snapshot") == form


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/html",
        "text/html, */*;q=0.8",
        "application/json, text/event-stream",
        "application/json;q=0",
        ";;;,,=",
    ],
)
@pytest.mark.parametrize("otherwise", ["stream", "snapshot"])
def test_accept_leaves_it_open(accept: str, otherwise: Form) -> None:
    assert wanted_form(accept, otherwise) == otherwise


@pytest.mark.parametrize(
    ("prefer", "polls", "seconds"),
    [
        ("", True, 1),
        ("", False, 20),
        ("wait=5", True, 5),
        ("wait=5", False, 5),
        ("Wait = 5", False, 5),
        ('wait="7"', False, 7),
        ("wait=0", False, 0),
        ("wait=2.5", False, 2.5),
        ("wait=26", False, 25),
        ("wait=99999999999999999999999", False, 20),
        ("wait=-1", False, 20),
        ("wait=nan", False, 20),
        ("wait=1e1", False, 20),
        ("wait=", False, 20),
        ("wait", True, 1),
        ("respond-async", False, 0),
        ("respond-async", True, 0),
        ("respond-async, wait=10", False, 10),
        ("wait=10; strict, respond-async", False, 10),
        ("handling=lenient, respond-async", False, 0),
        ("wait=3, wait=9", False, 3),
    ],
)
def test_how_long_a_snapshot_waits(prefer: str, polls: bool, seconds: float) -> None:
    assert snapshot_wait(prefer, polls=polls, otherwise=20.0) == seconds
