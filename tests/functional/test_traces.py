"""Spans as X-Ray's daemon receives them: UDP, a header and a JSON document each."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from attache_local.ports import LOOPBACK

ROOT, PARENT = "1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
HEADER = f"Root={ROOT};Parent={PARENT};Sampled=1"
PROGRAM = """
import sys
from attache.telemetry.about import noted
from attache.telemetry.powertools_traces import PowertoolsTraces, TracedMeter
meter = TracedMeter("dev", PowertoolsTraces(seconds=lambda: 1_700_000_010.0), write=lambda line: None)
with noted(session="1f9b", app="shop", **dict(argument.split("=", 1) for argument in sys.argv[1:])):
    meter.tool_call("shop", "GetPrice", 2_000, failed=True)
    meter.tool_call("shop", "GetPrice", 3_000, failed=False)
    meter.turn("shop", "done", 9_000)
"""


@pytest.fixture
def daemon() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind((LOOPBACK, 0))
        listening.settimeout(0.5)
        yield listening


def received(daemon: socket.socket, *known: str, **environ: str) -> list[dict[str, Any]]:
    """What a function sends whose environment and request say this."""
    address = f"{LOOPBACK}:{daemon.getsockname()[1]}"
    bare = {"PATH": os.defpath, "LAMBDA_TASK_ROOT": "/var/task", "AWS_XRAY_DAEMON_ADDRESS": address, **environ}
    ran = subprocess.run([sys.executable, "-c", PROGRAM, *known], env=bare, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    spans: list[dict[str, Any]] = []
    while True:
        try:
            head, _, document = daemon.recv(65_535).partition(b"\n")
        except TimeoutError:
            return spans
        assert json.loads(head)["format"] == "json"
        spans.append(json.loads(document))


def check(spans: list[dict[str, Any]]) -> None:
    assert [span["name"] for span in spans] == ["tool GetPrice", "tool GetPrice", "turn"]
    assert {(span["trace_id"], span["parent_id"]) for span in spans} == {(ROOT, PARENT)}
    assert [span["end_time"] - span["start_time"] for span in spans] == [2.0, 3.0, 9.0]
    assert [span.get("error", False) for span in spans] == [True, False, False]
    assert all(span["annotations"] == {"app": "shop", "session": "1f9b"} for span in spans)


def test_what_happened_at_once_is_sent_with_its_own_times(daemon: socket.socket) -> None:
    check(received(daemon, _X_AMZN_TRACE_ID=HEADER))


def test_behind_the_adapter_the_trace_is_the_requests(daemon: socket.socket) -> None:
    check(received(daemon, f"trace={HEADER}"))


def test_a_trace_that_is_not_sampled_sends_nothing(daemon: socket.socket) -> None:
    assert received(daemon, _X_AMZN_TRACE_ID=HEADER.replace("Sampled=1", "Sampled=0")) == []
