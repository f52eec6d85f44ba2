"""The functions as Lambda runs them: a process with an environment, that is handed events."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from attache.aws import Aws
from attache_local.embedded_aws import EmbeddedAws
from attache_local.ports import free_port
from attache_local.stacks import deploy_stacks
from tests.servers.openai_server import OpenAIServer
from tests.servers.script import text

ROOT = Path(__file__).resolve().parents[3]
LAMBDA = """
import importlib, json, sys, types
answers, sys.stdout = sys.stdout, sys.stderr
handler = importlib.import_module(sys.argv[1]).handler
context = types.SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000, aws_request_id="r")
for line in sys.stdin:
    print(json.dumps(handler(json.loads(line), context)), file=answers, flush=True)
"""
LIBRARIES = """
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=answers)
"""
SLOW_LIBRARY = """
import pathlib, time
while not pathlib.Path({going_on!r}).exists():
    time.sleep(0.02)
raise ImportError("imported at last")
"""
Environment = dict[str, str]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """What a function's environment says, and nothing else."""
    with EmbeddedAws(tmp_path_factory.mktemp("aws")) as embedded:
        outputs = asyncio.run(deploy_stacks(Aws(embedded.access)))
        yield {
            "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
            "AWS_ENDPOINT_URL": embedded.process.endpoint,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "ATTACHE_SESSIONS_TABLE": outputs["SessionsTable"],
            "ATTACHE_REGISTRY_TABLE": outputs["RegistryTable"],
            "ATTACHE_DATA_BUCKET": outputs["DataBucket"],
            "ATTACHE_SECRETS_KEY": outputs["SecretsKey"],
            "ATTACHE_TURNS_QUEUE_URL": outputs["TurnsQueueUrl"],
            "ATTACHE_TOOL_CALLS_QUEUE_URL": outputs["ToolCallsQueueUrl"],
        }


def invoked(environment: Environment, name: str, *events: Mapping[str, Any], then: str = "") -> list[Any]:
    """What one warm container answers to these events; `then` is run there at last, and may print to `answers`."""
    ran = subprocess.run(
        [sys.executable, "-c", LAMBDA + then, f"functions.{name}.handler"],
        input="\n".join(map(json.dumps, events)),
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def queued(bodies: Iterable[str]) -> dict[str, Any]:
    """An event of SQS: messages that come for the first time."""
    return {
        "Records": [
            {
                "messageId": f"m-{place}",
                "receiptHandle": "r",
                "body": body,
                "eventSource": "aws:sqs",
                "attributes": {"ApproximateReceiveCount": "1"},
            }
            for place, body in enumerate(bodies)
        ]
    }


def asked(method: str, path: str, session_id: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
    """An event of API Gateway's REST API."""
    headers = {"X-Session-Id": session_id, "Accept": "*/*", "Host": "a.execute-api.eu-west-1.amazonaws.com"}
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in (query or {}).items()} or None,
        "pathParameters": {"proxy": path},
        "stageVariables": None,
        "requestContext": {"path": path, "stage": "prod", "requestId": "r", "identity": {"sourceIp": "192.0.2.1"}},
        "body": None,
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize(
    ("name", "method", "path", "query", "status"),
    [
        ("state", "GET", "/health", None, 200),
        ("state", "GET", "/api/state", {"user_state": '{"chain_id": 1}'}, 200),
        ("state", "GET", "/api/state", {"user_state": "[]"}, 400),
        ("state", "GET", "/api/sessions", None, 404),
        ("sessions", "POST", "/api/sessions", None, 200),
        ("control", "GET", "/api/control/models", None, 200),
        ("control", "POST", "/api/control/model", {"rig": "gpt-4o"}, 200),
        ("control", "POST", "/api/control/model", {"rig": "gpt-4o", "app": "shop"}, 401),
        ("control", "DELETE", "/api/secrets", {"client_id": "c"}, 200),
        ("control", "DELETE", "/api/secrets/PROVIDER_KEY:openai", {"client_id": "c"}, 200),
        ("control", "POST", "/api/secrets", {"client_id": "c"}, 400),
        ("control", "GET", "/api/control/provider-keys", {"client_id": "c"}, 200),
        ("control", "DELETE", "/api/control/provider-keys/openai", None, 400),
        ("interrupt", "POST", "/api/interrupt", None, 404),
    ],
)
def test_a_buffered_function_answers_api_gateway(
    environment: Environment, name: str, method: str, path: str, query: Mapping[str, str] | None, status: int
) -> None:
    event = asked(method, path, str(uuid4()), query)
    first, second = invoked(environment, name, event, event)
    assert first["statusCode"] == second["statusCode"] == status
    assert isinstance(json.loads(first["body"]), dict | list)
    assert first["headers"]["access-control-allow-origin"] == "*"
    assert first["isBase64Encoded"] is False


def test_the_turns_function_reports_what_failed(environment: Environment) -> None:
    bodies = [json.dumps({"v": 1, "kind": "wake", "session_id": str(uuid4())}), "not ours", '{"v": 2, "kind": "wake"}']
    (answer,) = invoked(environment, "turns", queued(bodies))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-1"}, {"itemIdentifier": "m-2"}]}


async def test_who_finds_nothing_to_do_imports_no_model_library(environment: Environment, tmp_path: Path) -> None:
    session_id = str(uuid4())
    async with OpenAIServer([text("Hello")]) as provider:
        settings = {**environment, "ATTACHE_DEMO_MODEL_URL": provider.url}
        async with started(settings, "chat", tmp_path / "log") as client:
            answer = await client.post("/api/chat", json={"text": "hi"}, headers={"X-Session-Id": session_id})
    assert '"type":"complete"' in answer.text
    over = {"v": 1, "session_id": session_id}
    jobs = [{**over, "kind": "wake"}, {**over, "kind": "guard", "runner": "0" * 12}]
    jobs += [{**job, "session_id": str(uuid4())} for job in jobs]  # sessions that nobody ever used
    said = invoked(environment, "turns", queued(map(json.dumps, jobs)), then=LIBRARIES)
    assert said[0] == {"batchItemFailures": []}
    assert "botocore" in said[1]
    assert not {"litellm", "openai", "tiktoken"} & set(said[1])


async def test_a_stream_begins_before_the_model_library_is_there(environment: Environment, tmp_path: Path) -> None:
    """A library whose import ends when the test says so stands in LiteLLM's place."""
    going_on = tmp_path / "goes-on"
    (tmp_path / "litellm.py").write_text(SLOW_LIBRARY.format(going_on=str(going_on)), encoding="utf-8")
    slow = {**environment, "PYTHONPATH": str(tmp_path), "ATTACHE_DEMO_MODEL_URL": "http://127.0.0.1:9"}
    try:
        async with started(slow, "chat", tmp_path / "log") as client:
            headers = {"X-Session-Id": str(uuid4())}
            async with client.stream("POST", "/api/chat", json={"text": "hi"}, headers=headers) as answer:
                lines = answer.aiter_lines()
                assert (await anext(lines)).startswith("id: ")
                assert '"type":"started"' in await anext(lines)
                assert not going_on.exists()
                going_on.touch()
                rest = [line async for line in lines]
    finally:
        going_on.touch()
    assert '"type":"error"' in rest[-2]
    assert "imported at last" in (tmp_path / "log").read_text()


def test_the_tools_function_reports_what_is_not_ours(environment: Environment) -> None:
    ours = {"v": 1, "kind": "start", "session_id": str(uuid4()), "call_id": "call_x"}
    bodies = [json.dumps(ours), "not ours", json.dumps({**ours, "v": 2}), json.dumps({**ours, "more": 1})]
    (answer,) = invoked(environment, "tools", queued(bodies))
    assert answer == {"batchItemFailures": [{"itemIdentifier": f"m-{place}"} for place in (1, 2, 3)]}


@asynccontextmanager
async def started(environment: Environment, name: str, log: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A streamed function as the Lambda Web Adapter starts it, once it says that it is ready."""
    port = free_port()
    command = str(ROOT / "functions" / name / "run.sh")
    with log.open("w") as output:
        process = await asyncio.create_subprocess_exec(
            command, cwd=ROOT, env={**environment, "AWS_LWA_PORT": str(port)}, stdout=output, stderr=output
        )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
            await _ready(client, process)
            yield client
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ready(client: httpx.AsyncClient, process: asyncio.subprocess.Process) -> None:
    while process.returncode is None:
        try:
            assert (await client.get("/health")).status_code == 200
        except httpx.ConnectError:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError("the function ended before it was ready")


async def test_the_chat_function_streams_and_logs_no_message(environment: Environment, tmp_path: Path) -> None:
    async with OpenAIServer([text("Hello ", "there")]) as provider:
        settings = {**environment, "ATTACHE_DEMO_MODEL_URL": provider.url}
        async with started(settings, "chat", tmp_path / "log") as client:
            headers = {"X-Session-Id": str(uuid4()), "Accept": "text/event-stream"}
            answer = await client.post("/api/chat", params={"message": "a private matter"}, headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert '"content":"Hello "' in answer.text
    assert answer.text.rstrip().splitlines()[-1].startswith('data: {"type":"complete"')
    assert "private" not in (tmp_path / "log").read_text()


async def test_a_stream_is_over_before_its_function_is(environment: Environment, tmp_path: Path) -> None:
    async with OpenAIServer([text("Hello ", 60.0)]) as provider:
        settings = {**environment, "ATTACHE_DEMO_MODEL_URL": provider.url}
        async with started(settings, "chat", tmp_path / "log") as client:
            context = json.dumps({"deadline": int(time.time() * 1000) + 6_000})
            headers = {"X-Session-Id": str(uuid4()), "x-amzn-lambda-context": context}
            answer = await client.post("/api/chat", json={"text": "hi"}, headers=headers)
    assert '"type":"started"' in answer.text
    assert '"type":"complete"' not in answer.text
    assert '"type":"error"' not in answer.text


async def test_the_updates_function_begins_with_an_id(environment: Environment, tmp_path: Path) -> None:
    async with started(environment, "updates", tmp_path / "log") as client:
        headers = {"X-Session-Id": str(uuid4())}
        async with client.stream("GET", "/api/updates", headers=headers) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert (await anext(answer.aiter_raw())).startswith(b"id: ")
