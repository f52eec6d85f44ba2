"""What waits for the user is there after a restart, however the stack was stopped, and is done once."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from attache_local.embedded_aws import EmbeddedAws
from attache_local.example import API_KEY, FOLDER
from tests.e2e.stack_process import StackProcess

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.slow, pytest.mark.timeout(180)]

TRADE = "Execute a trade for userId user123: sell amount 1 of symbol ETH"
APPROVED = "tool_approval_response"


class Careful:
    """The example app with a trade that wants approval, and the commands of its operator."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._app = folder / "careful"
        shutil.copytree(FOLDER, self._app)

    def deploy(self, stack: StackProcess) -> None:
        """At the address where this stack has its example API."""
        manifest = (FOLDER / "app.yaml").read_text(encoding="utf-8")
        for old, new in {
            "name: mycoindex": "name: careful",
            "name: ExecuteTrade}": "name: ExecuteTrade, confirm: true}",
            "http://127.0.0.1:8001": stack.dev["example_api"],
        }.items():
            assert old in manifest
            manifest = manifest.replace(old, new)
        (self._app / "app.yaml").write_text(manifest, encoding="utf-8")
        self.attache("apps", "deploy", str(self._app))

    def key(self) -> str:
        self.attache("secrets", "set", "--app", "careful", "API_KEY", said=API_KEY)
        return self.attache("keys", "create", "--app", "careful").strip()

    def attache(self, *words: str, said: str = "") -> str:
        command = [str(Path(sys.executable).with_name("attache")), *words]
        ran = subprocess.run(command, cwd=self._folder, input=said, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


@pytest.fixture
def stacks(tmp_path: Path) -> Iterator[list[StackProcess]]:
    begun: list[StackProcess] = []
    yield begun
    for each in begun:
        each.end()
    EmbeddedAws(tmp_path / ".attache" / "aws").stop()


def settled(stack: StackProcess, client: httpx.Client) -> dict[str, Any]:
    until = time.monotonic() + 60
    while (found := client.get(f"{stack.dev['url']}/api/state").json())["is_processing"]:
        assert time.monotonic() < until, stack.output
        time.sleep(0.1)
    return dict(found)


def trades(stack: StackProcess, call_id: str) -> list[dict[str, Any]]:
    log = httpx.get(f"{stack.dev['example_api']}/_log").json()
    return [entry for entry in log if entry["method"] == "POST" and entry["idempotency_key"] == call_id]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_an_approval_is_pending_after_a_restart_and_its_trade_is_executed_once(
    tmp_path: Path, client: httpx.Client, stacks: list[StackProcess], number: signal.Signals
) -> None:
    stacks.append(first := StackProcess.begin(tmp_path).ready())
    app = Careful(tmp_path)
    app.deploy(first)
    client.headers["AOMI-APP-KEY"] = app.key()
    asked = client.post(f"{first.dev['url']}/api/chat", params={"app": "careful", "message": TRADE})
    assert asked.status_code == 200, asked.text + first.output
    settled(first, client)
    (event,) = client.get(f"{first.dev['url']}/api/events").json()
    request = event["InlineCall"]["payload"]
    assert (event["InlineCall"]["type"], request["name"]) == ("tool_approval_request", "ExecuteTrade")
    assert trades(first, request["request_id"]) == []
    assert (first.end(number) == 0) is (number == signal.SIGTERM)

    stacks.append(second := StackProcess.begin(tmp_path, first.port).ready())
    app.deploy(second)
    assert client.get(f"{second.dev['url']}/api/events").json() == [event]
    payload = {"request_id": request["request_id"], "approved": True}
    message = json.dumps({"type": APPROVED, "payload": payload})
    url = f"{second.dev['url']}/api/system"
    assert client.post(url, params={"message": message}).status_code == 200
    after = settled(second, client)
    assert [entry["status"] for entry in trades(second, request["request_id"])] == [201], second.output
    results = [text for name, text in (m["tool_result"] for m in after["messages"] if m["tool_result"])]
    assert json.loads(results[-1])["symbol"] == "ETH"
    assert after["messages"][-1]["sender"] == "agent"
    assert client.post(url, params={"message": message}).status_code == 400
    assert len(trades(second, request["request_id"])) == 1
