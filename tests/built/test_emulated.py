"""The buffered functions and the workers as they were built, under the Runtime Interface Emulator."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from attache.documents.dynamo_records import DynamoRecords
from attache.documents.records import DocumentRecord
from attache_local.demo_model import demo_model
from attache_local.ports import listen
from attache_local.serving import serving
from tests.built.emulator import Emulated, emulated
from tests.built.engines import BUILT, EMULATOR, needed
from tests.built.recorded import object_changed, queue_messages, rest_request
from tests.built.streamed_service import local_variables
from tests.built.template import BuiltTemplate
from tests.contract.service import Running, by_nobody, service_on_sockets
from tests.contract.shapes import snapshot
from tests.unit.documents.pdfs import pdf

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
BUFFERED = ("StateFunction", "SessionsFunction", "ControlFunction", "InterruptFunction")
Start = Callable[[str], Emulated]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service that takes messages and has no worker: those are the built ones."""
    needed(BUILT, EMULATOR)
    directory = tmp_path_factory.mktemp("aws")
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(service_on_sockets(directory, by_nobody)) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def embedding() -> Iterator[str]:
    """A provider of embeddings."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(serving(demo_model(), listen(0))) as url,
    ):
        yield f"{url}/v1"


@pytest.fixture(scope="module")
def start(running: Running, embedding: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts a function of the template, with the environment that the template gives it; once."""
    template, directory, started = BuiltTemplate(), tmp_path_factory.mktemp("emulated"), dict[str, Emulated]()
    with ExitStack() as stack:

        def function(name: str) -> Emulated:
            if name not in started:
                built = template.functions()[name]
                outputs, search = (
                    {**running.outputs, "Endpoint": str(directory / "index")},
                    {"SearchBackend": "embedded"},
                )
                variables = template.variables(built, template.scope(outputs, search))
                everything = {**variables, **local_variables(running)}
                if name == "DocumentsFunction":
                    everything["ATTACHE_DEMO_MODEL_URL"] = embedding
                started[name] = stack.enter_context(emulated(built, everything, directory / name))
            return started[name]

        yield function


@pytest.mark.parametrize(
    ("name", "method", "target", "body", "status"),
    [
        ("StateFunction", "GET", "/health", None, 200),
        ("StateFunction", "GET", "/api/state?user_state=%7B%22chain_id%22%3A1%7D", None, 200),
        ("StateFunction", "GET", "/api/state?user_state=%5B%5D", None, 400),
        ("StateFunction", "POST", "/api/system", {"message": "a word"}, 200),
        ("StateFunction", "GET", "/api/events?count=2", None, 200),
        ("StateFunction", "DELETE", "/api/state", None, 405),
        ("SessionsFunction", "POST", "/api/sessions", {"public_key": "0xabc"}, 200),
        ("SessionsFunction", "GET", "/api/sessions?public_key=0xabc", None, 200),
        ("SessionsFunction", "GET", "/api/sessions/00000000-0000-4000-8000-000000000000", None, 404),
        ("ControlFunction", "GET", "/api/control/models", None, 200),
        ("ControlFunction", "POST", "/api/control/model", {"model": "gpt-4o"}, 200),
        ("ControlFunction", "GET", "/api/session/apps", None, 200),
        ("ControlFunction", "GET", "/api/control/nothing", None, 404),
        ("ControlFunction", "POST", "/api/secrets", {"client_id": "c", "secrets": {"NAME": "value"}}, 200),
        ("InterruptFunction", "POST", "/api/interrupt", None, 404),
    ],
)
def test_a_buffered_function_answers_api_gateway(
    start: Start, name: str, method: str, target: str, body: Any, status: int
) -> None:
    answer = start(name).invoke(rest_request(method, target, {"X-Session-Id": str(uuid4())}, body))
    assert answer["statusCode"] == status, answer
    assert isinstance(json.loads(answer["body"]), dict | list)
    assert answer["headers"]["access-control-allow-origin"] == "*"
    assert answer["isBase64Encoded"] is False


def test_every_function_that_is_not_streamed_is_tried_here() -> None:
    plain = {name for name, function in BuiltTemplate().functions().items() if not function.adapted}
    assert plain == {*BUFFERED, "TurnsFunction", "ToolsFunction", "DocumentsFunction"}


@pytest.mark.parametrize("name", BUFFERED)
def test_a_buffered_function_starts_without_a_complaint(start: Start, name: str) -> None:
    emulator = start(name)
    emulator.invoke(rest_request("GET", "/nothing", {}))
    assert "Traceback" not in emulator.log.read_text()


def received(running: Running, queue: str) -> str:
    """The next message of a queue, taken off it."""
    client, url = running.aws.client("sqs"), running.outputs[queue]
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for message in client.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", ()):
            client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return str(message["Body"])
    raise AssertionError(f"nothing came to {queue}")


def handled(running: Running, start: Start, function: str, queue: str, session_id: str) -> None:
    """Hand the built worker the queue's next message of this session."""
    body = received(running, queue)
    while session_id not in body:
        body = received(running, queue)
    assert start(function).invoke(queue_messages(body)) == {"batchItemFailures": []}


def test_the_turns_worker_runs_a_turn(running: Running, start: Start) -> None:
    headers = {"X-Session-Id": str(uuid4())}
    with httpx.Client(base_url=running.url, headers=headers, trust_env=False, timeout=30) as client:
        asked = snapshot(client.post("/api/chat?message=tool", headers={"Prefer": "respond-async"}))
        assert asked.is_processing
        handled(running, start, "TurnsFunction", "TurnsQueueUrl", headers["X-Session-Id"])
        after = snapshot(client.get("/api/state"))
    assert not after.is_processing
    assert after.answer == "The tool said so."


def test_the_tools_worker_takes_a_tool_that_takes_a_while_to_its_end(running: Running, start: Start) -> None:
    session_id = str(uuid4())
    headers = {"X-Session-Id": session_id, "AOMI-APP-KEY": running.keys.desk}
    with httpx.Client(base_url=running.url, headers=headers, trust_env=False, timeout=30) as client:
        snapshot(client.post("/api/chat?app=desk&message=withdraw", headers={"Prefer": "respond-async"}))
        handled(running, start, "TurnsFunction", "TurnsQueueUrl", session_id)
        while "settled" not in str(results := _results(client)):
            handled(running, start, "ToolsFunction", "ToolCallsQueueUrl", session_id)
    assert any("pending" in result for result in results)


def _results(client: httpx.Client) -> list[str]:
    return [message.tool_result[1] for message in snapshot(client.get("/api/state")).messages if message.tool_result]


def read(running: Running, start: Start, key: str, happened: str) -> DocumentRecord | None:
    """Tell the built worker what happened to a document; what it has noted of it then."""
    event = queue_messages(object_changed(key, happened))
    assert start("DocumentsFunction").invoke(event) == {"batchItemFailures": []}
    app, _, path = key.partition("/")
    return asyncio.run(DynamoRecords(running.aws, running.outputs["RegistryTable"]).get(app, path))


@pytest.mark.parametrize(
    ("path", "content", "passages"),
    [
        ("fees and more/größe.md", b"# Fees\n\nA withdrawal costs 0.001 BTC.", 1),
        ("page.html", b"<h1>Fees</h1><p>A withdrawal costs 0.001 BTC.</p>", 1),
        ("one.pdf", pdf(["A withdrawal costs 0.001 BTC.", "The other page."]), 1),
    ],
)
def test_the_documents_worker_reads_what_s3_tells_of(
    running: Running, start: Start, path: str, content: bytes, passages: int
) -> None:
    s3, place = running.aws.client("s3"), {"Bucket": running.outputs["DocumentsBucket"], "Key": f"shop/{path}"}
    s3.put_object(**place, Body=content)
    indexed = read(running, start, place["Key"], "ObjectCreated:Put")
    assert indexed is not None
    assert (indexed.state, indexed.passages, indexed.why) == ("indexed", passages, "")
    assert indexed.space, "there are vectors"
    s3.delete_object(**place)
    gone = read(running, start, place["Key"], "ObjectRemoved:Delete")
    assert gone is not None
    assert (gone.state, gone.passages) == ("gone", 0)


def test_a_document_that_cannot_be_read_blocks_no_queue(running: Running, start: Start) -> None:
    bucket = running.outputs["DocumentsBucket"]
    running.aws.client("s3").put_object(Bucket=bucket, Key="shop/broken.pdf", Body=b"no PDF at all")
    noted = read(running, start, "shop/broken.pdf", "ObjectCreated:Put")
    assert noted is not None
    assert (noted.state, bool(noted.why)) == ("failed", True)


@pytest.mark.parametrize("name", ["TurnsFunction", "ToolsFunction", "DocumentsFunction"])
def test_a_worker_says_which_message_failed(start: Start, name: str) -> None:
    answer = start(name).invoke(queue_messages("not ours", json.dumps({"v": 99})))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-0"}, {"itemIdentifier": "m-1"}]}
