"""From `make dev` to an answer, and what is left when the stack stops or is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from attache_local.ports import listen
from tests.e2e.stack_process import StackProcess
from tests.servers.openai_server import OpenAIServer
from tests.servers.script import text

QUESTION = "What's ETH trading at, and what is user123's portfolio worth?"
AT_ONCE = {"Prefer": "respond-async"}
Start = Callable[..., StackProcess]

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.timeout(120)]


def keyed(stack: StackProcess) -> dict[str, str]:
    return {"AOMI-APP-KEY": stack.dev["app_key"]}


def streamed(stack: StackProcess, client: httpx.Client, text: str) -> list[dict[str, Any]]:
    url = f"{stack.dev['url']}/api/chat?app=mycoindex"
    answer = client.post(url, json={"text": text}, headers=keyed(stack))
    assert answer.status_code == 200, answer.text
    return [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line.startswith("data: ")]


def asked(
    stack: StackProcess, client: httpx.Client, message: str, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    parameters = {"app": "mycoindex", "message": message}
    answer = client.post(f"{stack.dev['url']}/api/chat", params=parameters, headers=keyed(stack) | (headers or {}))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def state(stack: StackProcess, client: httpx.Client) -> dict[str, Any]:
    answer = client.get(f"{stack.dev['url']}/api/state")
    assert answer.status_code == 200, answer.text + stack.output
    found: dict[str, Any] = answer.json()
    return found


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def test_a_streamed_answer_calls_both_tools_side_by_side(stack: StackProcess, client: httpx.Client) -> None:
    events = streamed(stack, client, QUESTION)
    called = [event["name"] for event in events if event["type"] == "tool_call"]
    assert called == ["GetTokenPrice", "GetPortfolio"]
    assert (events[0]["type"], events[-1]["type"]) == ("started", "complete")
    text = "".join(event["content"] for event in events if event["type"] == "text")
    assert "3521.4" in text
    assert "32398.1" in text
    assert "Demo model" in text
    assert text in [message["content"] for message in state(stack, client)["messages"]]

    calls = {event["call_id"] for event in events if event["type"] == "tool_call"}
    log = httpx.get(f"{stack.dev['example_api']}/_log").json()
    requests = [entry for entry in log if entry["idempotency_key"] in calls]
    assert len(requests) == 2
    assert max(entry["started"] for entry in requests) < min(entry["ended"] for entry in requests)


def test_what_the_documents_say_is_answered_with_its_source(stack: StackProcess, client: httpx.Client) -> None:
    deadline = time.monotonic() + 60
    while (found := documents(stack)) != {"fees.md", "order-types.html", "withdrawals.md"}:
        assert time.monotonic() < deadline, f"{found}\n{stack.output}"
        time.sleep(0.5)
    events = streamed(stack, client, "What are the withdrawal fees?")
    (result,) = [event for event in events if event["type"] == "tool_result"]
    assert result["name"] == "search_documents"
    best = result["sources"][0]
    assert (best["document"], best["title"]) == ("fees.md", "Fees at MyCoinDex")
    assert best["headings"] == ["Withdrawal fees"]
    assert "0.0004 BTC" in result["result"]["passages"][0]["text"]
    assert "0.0004 BTC" in "".join(event["content"] for event in events if event["type"] == "text")
    (message,) = [message for message in state(stack, client)["messages"] if message["tool_result"]]
    assert message["sources"] == result["sources"]


def documents(stack: StackProcess) -> set[str]:
    """Those that the command line says are found, by words and by vectors."""
    command = [str(Path(sys.executable).with_name("attache")), "documents", "list", "mycoindex", "--json"]
    listed = json.loads(subprocess.run(command, cwd=stack.folder, capture_output=True, check=True).stdout)
    return {each["path"] for each in listed if each["state"] == "indexed" and not each["why"]}


def test_a_snapshot_goes_through_the_queue_and_knows_the_history(stack: StackProcess, client: httpx.Client) -> None:
    asked(stack, client, "My name is Ada.")
    snapshot = asked(stack, client, "What's my name?")
    assert snapshot["status"] == "idle"
    assert "Your name is Ada" in snapshot["messages"][-1]["content"]


def test_the_default_app_needs_no_key(stack: StackProcess, client: httpx.Client) -> None:
    answer = client.post(f"{stack.dev['url']}/api/chat", params={"message": "What is 0.1 + 0.2?"})
    assert answer.status_code == 200, answer.text + stack.output
    results = [message["tool_result"] for message in answer.json()["messages"] if message["tool_result"]]
    assert "0.3" in results[0][1]


def test_what_scripts_and_commands_need_is_written(stack: StackProcess) -> None:
    assert sorted(stack.dev["apps"]) == ["default", "mycoindex"]
    command = [str(Path(sys.executable).with_name("attache")), "apps", "list"]
    listed = subprocess.run(command, cwd=stack.folder, capture_output=True, text=True, check=True)
    assert "mycoindex" in listed.stdout


def test_the_access_log_has_neither_messages_nor_sessions(stack: StackProcess, client: httpx.Client) -> None:
    asked(stack, client, "a-secret-message")
    client.get(f"{stack.dev['url']}/api/sessions/{client.headers['X-Session-Id']}")
    assert "POST /api/chat 200" in stack.output
    assert "GET /api/sessions/{session_id} 200" in stack.output
    after = stack.output.partition("Ctrl-C")[2]
    assert "a-secret-message" not in after
    assert client.headers["X-Session-Id"] not in after


def test_a_second_stack_on_the_same_port_is_told_so(stack: StackProcess, tmp_path: Path) -> None:
    second = StackProcess.begin(tmp_path, stack.port)
    assert second.process.wait(20) == 1
    assert f"port {stack.port} is in use" in second.output
    assert "PORT=" in second.output


def test_a_second_stack_on_the_same_folder_is_told_so(stack: StackProcess) -> None:
    command = [sys.executable, "-m", "attache_local", "--port", "0", "--state-dir", str(stack.folder / ".attache")]
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "another local stack runs" in second.stderr


def test_a_stop_leaves_nothing_running_and_the_next_start_knows_all(start: Start, client: httpx.Client) -> None:
    first = start().ready()
    key, aws_pid, port = first.dev["app_key"], first.aws_pid, first.port
    asked(first, client, "Remember the heron.", AT_ONCE)
    with httpx.stream("GET", f"{first.dev['url']}/api/updates", headers=client.headers, timeout=30) as updates:
        assert updates.status_code == 200
        assert first.end(signal.SIGINT) == 0
    assert "Traceback" not in first.output
    assert not is_alive(aws_pid)
    assert not (first.folder / ".attache" / "dev.json").exists()
    listen(port).close()

    second = start().ready()
    assert second.seconds < 10
    assert second.dev["app_key"] == key
    assert "Remember the heron." in [message["content"] for message in state(second, client)["messages"]]
    assert second.end(signal.SIGTERM) == 0
    assert not is_alive(second.aws_pid)


def test_a_stack_that_was_killed_leaves_its_aws_to_the_next(start: Start, client: httpx.Client) -> None:
    first = start().ready()
    aws_pid = first.aws_pid
    asked(first, client, "Remember the heron.", AT_ONCE)
    first.end(signal.SIGKILL)
    assert is_alive(aws_pid)

    second = start().ready()
    assert "adopted" in second.output
    assert second.aws_pid == aws_pid
    assert "Remember the heron." in [message["content"] for message in state(second, client)["messages"]]
    assert second.end() == 0
    assert not is_alive(aws_pid)


def test_a_stack_whose_aws_is_killed_stops_and_says_so(start: Start) -> None:
    first = start().ready()
    os.kill(first.aws_pid, signal.SIGKILL)
    assert first.process.wait(20) == 1
    assert "the embedded AWS has ended: start again" in first.output
    assert not (first.folder / ".attache" / "dev.json").exists()
    listen(first.port).close()


def test_a_stop_while_it_starts_leaves_nothing_running(start: Start) -> None:
    begun = start()
    begun.says("embedded AWS")
    aws_pid = begun.aws_pid
    assert begun.end() == 0
    assert not is_alive(aws_pid)


async def test_a_providers_key_and_address_lead_to_it(start: Start) -> None:
    async with OpenAIServer([text("I am no demo.")]) as server:
        begun = start({"OPENAI_API_KEY": "sk-gateway", "OPENAI_API_BASE": server.url}).ready()
        async with httpx.AsyncClient(headers={"X-Session-Id": str(uuid4())}, timeout=60) as client:
            parameters = {"app": "mycoindex", "message": "Who are you?"}
            url = f"{begun.dev['url']}/api/chat"
            answer = await client.post(url, params=parameters, headers=keyed(begun))
    assert answer.status_code == 200, answer.text + begun.output
    assert answer.json()["messages"][-1]["content"] == "I am no demo."
    assert server.requests[0].headers["authorization"] == "Bearer sk-gateway"
