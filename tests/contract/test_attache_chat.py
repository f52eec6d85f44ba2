"""`attache chat` at a terminal, talking to the real service: what waits for the user is asked, and answered."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.contract.desk import ENDLESS
from tests.contract.service import SAID, Running
from tests.contract.terminal import terminal
from tests.contract.test_http_system import ADDRESS, trades_at

PROGRAM = str(Path(sys.executable).with_name("attache"))
WALLET = ("--wallet", ADDRESS, "--chain", "137")
TOLD = "The tool said so"
TEXT = re.escape("".join(SAID)[:11])


@pytest.fixture
def folder(running: Running, tmp_path: Path) -> Path:
    """A folder whose local stack is the running service."""
    access = dict.fromkeys(("region", "access_key_id", "secret_access_key"), "not used")
    aws = {"endpoint_url": running.url, **access}  # only whether somebody listens there is looked at
    (tmp_path / ".attache").mkdir()
    dev = {
        "url": running.url,
        "app_key": running.keys.desk,
        "apps": ["desk"],
        "aws": aws,
        "outputs": dict(running.outputs),
    }
    (tmp_path / ".attache" / "dev.json").write_text(json.dumps(dev))
    return tmp_path


def chat(*arguments: str) -> list[str]:
    return [PROGRAM, "chat", "--app", "desk", *arguments]


def call_in(shown: str) -> str:
    found = re.search(r"call_[0-9a-f]{24}", shown)
    assert found
    return found[0]


def test_an_approval_is_asked_for_and_the_call_sent(folder: Path, running: Running) -> None:
    with terminal(chat(), folder) as at:
        at.until("> ")
        at.type("trade")
        at.until("Trade waits for your approval: .*user123.*")
        at.until("Enter for later: ")
        before = len(_trades(running))
        at.type("y")
        at.until(f"← Trade .*(?s:.*){TOLD}")
    assert len(_trades(running)) == before + 1


def _trades(running: Running) -> list[object]:
    entries = httpx.get(f"{running.exchange}/_log", trust_env=False).json()
    return [entry for entry in entries if entry["path"] == "/trades"]


def test_a_call_is_rejected_with_words_or_left_for_later(folder: Path, running: Running) -> None:
    before = len(_trades(running))
    with terminal(chat(), folder) as at:
        session = re.search(r"[0-9a-f-]{36}", at.until("Session .*\n"))
        at.until("> ")
        at.type("trade")
        at.until("Enter for later: ")
        at.type("")
        at.until("\n> ")
        at.type("hello")
        at.until(TEXT)
    assert session
    with terminal(chat("--session", session[0]), folder) as at:
        at.until("Trade waits for your approval(?s:.*)Enter for later: ")
        at.type("n")
        at.until("Why not")
        at.type("too dear")
        at.until(f"← Trade .*too dear(?s:.*){TEXT}")
    assert len(_trades(running)) == before


@pytest.mark.parametrize(
    ("word", "asked", "typed", "told"),
    [
        ("pay", "transaction 1: Pay the shop", ["0xfeed"], "0xfeed"),
        ("pay", "5 wei to 0x1+ on chain 137", ["n", "no money"], "no money"),
        ("sign", "signature 1: Sign the order", ["0xabcd"], "0xabcd"),
        ("sign", "primaryType", ["n", ""], "The user rejected the request"),
    ],
)
def test_a_wallet_request_is_shown_and_answered(
    folder: Path, word: str, asked: str, typed: list[str], told: str
) -> None:
    with terminal(chat(*WALLET), folder) as at:
        at.until("> ")
        at.type(word)
        at.until(f"(?s:.*){asked}(?s:.*)Enter for later: ")
        for line in typed:
            at.type(line)
        at.until(f"← (Pay|Sign) .*{told}(?s:.*){TEXT}")


def test_an_answer_that_fails_behind_a_request_is_said(folder: Path) -> None:
    with terminal(chat(), folder) as at:
        at.until("> ")
        at.type("trade")
        at.until("Enter for later: ")
        at.type("n")
        at.until("Why not")
        at.type("fail this")
        at.until("← Trade .*(?s:.*)Error: .*provider")


def test_what_takes_a_while_is_followed(folder: Path) -> None:
    with terminal(chat(), folder) as at:
        at.until("> ")
        at.type("withdraw")
        at.until("Withdraw: this takes a while")
        at.until("… Withdraw: ")
        at.until(f"← Withdraw .*settled(?s:.*){TEXT}")


def test_who_does_not_wait_goes_on_talking(folder: Path) -> None:
    with terminal(chat(), folder) as at:
        at.until("> ")
        at.type("endless")
        at.until(f"{next(iter(ENDLESS))}.*this takes a while")
        at.press("C")
        at.until("goes on without being waited for")
        at.type("hello")
        at.until(TEXT)


def test_where_nobody_can_be_asked_it_is_said_how_to_answer(folder: Path, running: Running) -> None:
    run = subprocess.run(chat("trade"), cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert "Trade waits for your approval" in run.stderr
    yes, no = re.findall(r"(?:yes|no): +(curl .*)", run.stderr)
    call = call_in(yes)
    answered = subprocess.run(["/bin/sh", "-c", f"{no} -s"], capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(answered.stdout)["res"]["tool_result"][0] == "Trade"
    again = subprocess.run(["/bin/sh", "-c", f"{yes} -s"], capture_output=True, text=True, timeout=30, check=True)
    assert "error" in json.loads(again.stdout)
    assert trades_at(running, call) == []


def test_as_json_a_request_is_an_event_and_nobody_is_asked(folder: Path) -> None:
    run = subprocess.run(
        chat("--json", *WALLET), cwd=folder, input="pay\n", capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    events = [json.loads(line) for line in run.stdout.splitlines()]
    assert events[-2]["type"] == "complete"
    assert events[-1]["event"]["InlineCall"]["payload"]["tx_ids"] == [1]
    assert "THE_HASH" in run.stderr
