"""`attache chat`, against a service that says what the test wants."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.functional.cli.conftest import Attache, Stack

pytestmark = pytest.mark.aws
PROGRAM = str(Path(sys.executable).with_name("attache"))
COMPLETE = {"type": "complete", "status": "done"}
ANSWER: list[dict[str, Any]] = [
    {"type": "tool_call", "name": "GetTokenPrice", "call_id": "1", "args": {"symbol": "ETH"}},
    {"type": "tool_result", "name": "GetTokenPrice", "call_id": "1", "result": {"price": "x" * 500}},
    {"type": "text", "content": "ETH is at "},
    {"type": "text", "content": "3,000 \x1b[2Jdollars."},
    COMPLETE,
]


@dataclass
class Service:
    """What answers the next chats, and what was asked. An answer that is a number is a refusal.

    `stored`: whether its events have ids.
    """

    url: str = ""
    answers: list[list[dict[str, Any]] | int] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    interrupted: threading.Event = field(default_factory=threading.Event)
    stored: bool = True


@pytest.fixture
def service(stack: Stack, folder: Path) -> Iterator[Service]:
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            service.asked.append((self.path, dict(self.headers), json.loads(body or b"null")))
            if self.path == "/api/interrupt":
                service.interrupted.set()
                self._json(200, {"interrupted": True})
            elif isinstance(answer := service.answers.pop(0), int):
                self._json(answer, {"error": "This key does not authorize the app."})
            else:
                self._stream(answer)

        def do_GET(self) -> None:
            state: dict[str, Any] = {"title": "New chat", "last_event_id": "ab-1", "messages": [], "user_state": None}
            self._json(200, [] if self.path.startswith("/api/events") else state)

        def _json(self, status: int, content: Any) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def _stream(self, answer: list[dict[str, Any]]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for number, event in enumerate(answer):
                place = f"id: ab-{number}\n" if service.stored else ""
                self.wfile.write(f": alive\n\n{place}data: {json.dumps(event)}\n\n".encode())
                if event.get("type") == "waits":
                    service.interrupted.wait(20)

        def log_request(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        (folder / ".attache" / "dev.json").write_text(json.dumps({**stack.dev, "url": service.url}))
        yield service
        server.shutdown()


def test_an_answer_is_shown_with_the_tools_that_it_used(attache: Attache, service: Service) -> None:
    service.answers = [ANSWER]
    shown = attache("chat", "--app", "shop", "What is ETH at?")
    assert (shown.exit_code, shown.stdout) == (0, "ETH is at 3,000 \N{REPLACEMENT CHARACTER}[2Jdollars.\n")
    assert '→ GetTokenPrice {"symbol": "ETH"}' in shown.stderr
    assert re.search(r"← GetTokenPrice .{200}…\n", shown.stderr)
    [(path, headers, body)] = service.asked
    assert (path, body) == ("/api/chat?app=shop", {"text": "What is ETH at?"})
    assert headers["AOMI-APP-KEY"] == "sk-dev", "the local stack's own key"


def test_a_stream_that_breaks_is_resumed(attache: Attache, service: Service) -> None:
    service.answers = [ANSWER[:3], ANSWER[3:]]
    shown = attache("chat", "--app", "shop", "What is ETH at?")
    assert (shown.exit_code, shown.stdout) == (0, "ETH is at 3,000 \N{REPLACEMENT CHARACTER}[2Jdollars.\n")
    assert shown.stderr.count("\nThe connection was lost; reconnecting.\n") == 1
    [(_, first, _), (_, second, _)] = service.asked
    assert (first["Idempotency-Key"], "ab-2") == (second["Idempotency-Key"], second["Last-Event-ID"])


def test_text_that_is_taken_back_is_said_to_be(attache: Attache, service: Service) -> None:
    provisional, otherwise = {"type": "text", "content": "Well"}, {"type": "text", "content": "So"}
    service.answers = [[provisional], [otherwise, COMPLETE]]
    service.stored = False
    shown = attache("chat", "Hello")
    assert shown.stdout == "WellSo\n"
    assert "\nTaken back, since it was not kept: “Well”\n" in shown.stderr


def test_events_as_json_are_those_of_the_service(attache: Attache, service: Service) -> None:
    service.answers = [ANSWER]
    shown = attache("chat", "Hello", "--json", "--key", "sk-other")
    assert [json.loads(line) for line in shown.stdout.splitlines()] == ANSWER
    assert service.asked[0][1]["AOMI-APP-KEY"] == "sk-other"


def test_a_conversation_is_one_session_and_outlives_a_refusal(attache: Attache, service: Service) -> None:
    service.answers = [ANSWER, 403, ANSWER]
    shown = attache("chat", "--app", "shop", stdin="One\n\nTwo\nThree\n")
    assert shown.exit_code == 0
    assert [body["text"] for _, _, body in service.asked] == ["One", "Two", "Three"]
    assert len({headers["X-Session-Id"] for _, headers, _ in service.asked}) == 1
    assert "Error: This key does not authorize the app. attache keys create --app shop issues one" in shown.stderr
    assert service.asked[0][1]["X-Session-Id"] in shown.stderr


def test_an_earlier_session_goes_on(attache: Attache, service: Service) -> None:
    service.answers = [ANSWER]
    attache("chat", "Hello", "--session", "0b0e7a52-3b51-4c1b-9d9b-54ad3ffb15dd")
    assert service.asked[0][1]["X-Session-Id"] == "0b0e7a52-3b51-4c1b-9d9b-54ad3ffb15dd"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (403, "does not authorize"),
        ([{"type": "error", "message": "The provider does not answer."}], "The provider does not answer."),
    ],
)
def test_what_fails_is_exit_code_1(
    attache: Attache, service: Service, answer: list[dict[str, Any]] | int, why: str
) -> None:
    service.answers = [answer]
    failed = attache("chat", "Hello")
    assert failed.exit_code == 1
    assert why in failed.stderr


def test_a_service_that_is_not_there(attache: Attache, folder: Path) -> None:
    failed = attache("chat", "Hello")
    assert failed.exit_code == 1
    url = json.loads((folder / ".attache" / "dev.json").read_text())["url"]
    why = f"Error: The service at {url} cannot be reached (ConnectError): see `attache doctor`.\n"
    assert failed.stderr.endswith(why)


def test_ctrl_c_interrupts_the_answer(service: Service) -> None:
    service.answers = [[{"type": "text", "content": "Well"}, {"type": "waits"}]]
    pipe = subprocess.PIPE
    started = subprocess.Popen(
        [PROGRAM, "chat", "Hello"], stdout=pipe, stderr=pipe, text=True, preexec_fn=_hears_ctrl_c
    )
    with started as process:
        assert process.stdout
        assert process.stdout.read(4) == "Well"
        process.send_signal(signal.SIGINT)
        _, notes = process.communicate(timeout=20)
    assert service.interrupted.is_set()
    assert (process.returncode, notes[-10:]) == (0, "\nStopped.\n")


def _hears_ctrl_c() -> None:
    """What runs in the background, as a gate may, ignores it, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
