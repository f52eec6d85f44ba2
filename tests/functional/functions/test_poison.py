"""Messages that nobody can handle, on real queues: set aside, and told to their sessions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from attache.apps.deploy import publish
from attache.apps.s3_releases import S3Releases
from attache.clock import Clock
from attache.models.litellm_import import import_litellm
from attache.turns.chats import ChatRequest
from attache.turns.tool_jobs import Start
from attache.wire.deliveries import MOST_TRIES
from attache.wire.sqs_batch import each_message
from attache.wiring import Services, wire
from attache_local.queue_pollers import polling
from attache_local.service import settings_for
from functions.tools.jobs import do_tool_job
from functions.turns.jobs import do_job
from tests.contract.desk import PENDING, desk_app
from tests.embedded import Embedded, embedded_aws
from tests.servers.openai_server import OpenAIServer
from tests.servers.script import Received, Reply, calls, text

pytestmark = pytest.mark.aws


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with embedded_aws(tmp_path_factory.mktemp("aws")) as running:
        yield running


def reply(request: Received) -> Reply:
    """A request asks for a withdrawal; whatever comes of it is told."""
    last = request.body["messages"][-1]
    asked = last["role"] == "user" and last["content"] == "withdraw"
    return calls(*PENDING["withdraw"]) if asked else text("That is how it is.")


@dataclass(frozen=True)
class Place:
    """The service on the embedded AWS; whatever its tools call does not answer."""

    embedded: Embedded
    services: Services

    async def withdrawing(self) -> tuple[str, Start]:
        """A session whose withdrawal is pending, and the job that is to begin it."""
        app, session_id = await self.services.apps.get("desk"), str(uuid4())
        await self.services.chats.answer(ChatRequest(session_id, app, "withdraw"), 0)
        await do_job(self.services, json.dumps({"v": 1, "kind": "wake", "session_id": session_id}))
        body = (await self.received("ToolCallsQueueUrl"))["Body"]
        return session_id, Start.model_validate_json(body)

    async def snapshot(self, session_id: str) -> dict[str, Any]:
        found = (await self.services.sessions.state(session_id)).snapshot
        assert found is not None
        return found

    async def send(self, queue: str, body: str) -> None:
        await self._call("send_message", queue, MessageBody=body)

    async def received(self, queue: str) -> dict[str, Any]:
        """The next message, which is then removed."""
        async with asyncio.timeout(20):
            while not (found := await self._received(queue, 1)):
                pass
        await self._call("delete_message", queue, ReceiptHandle=found[0]["ReceiptHandle"])
        return dict(found[0])

    async def tried(self, queue: str, times: int) -> None:
        """What happens to a message whose function ended in the middle, so many times."""
        for _ in range(times):
            (message,) = await self._received(queue, 1)
            await self._call(
                "change_message_visibility", queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )

    async def emptied(self, *queues: str) -> None:
        for queue in queues:
            await self._call("purge_queue", queue)

    async def _received(self, queue: str, wait: int) -> list[Any]:
        return list((await self._call("receive_message", queue, WaitTimeSeconds=wait)).get("Messages", ()))

    async def _call(self, operation: str, queue: str, **parameters: Any) -> Any:
        return await self.embedded.aws.call("sqs", operation, QueueUrl=self.embedded.outputs[queue], **parameters)


@pytest.fixture
async def place(embedded: Embedded) -> AsyncIterator[Place]:
    import_litellm()
    outputs, aws = embedded.outputs, embedded.aws
    await publish(
        desk_app("http://127.0.0.1:9"), S3Releases(aws, outputs["DataBucket"], outputs["RegistryTable"], Clock())
    )
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(OpenAIServer(reply))
        services = wire(settings_for(outputs, provider.origin), aws, {})
        stack.push_async_callback(services.aclose)
        found = Place(embedded, services)
        yield found
    await found.emptied("TurnsQueueUrl", "ToolCallsQueueUrl", "TurnsDeadLettersUrl", "ToolCallsDeadLettersUrl")


@pytest.mark.parametrize(
    ("queue", "dead", "do"),
    [
        ("TurnsQueueUrl", "TurnsDeadLettersUrl", do_job),
        ("ToolCallsQueueUrl", "ToolCallsDeadLettersUrl", do_tool_job),
    ],
)
async def test_what_is_not_ours_is_set_aside_at_once(place: Place, queue: str, dead: str, do: Any) -> None:
    bodies = ["not ours", '{"kind": 7, "session_id": "s"}', '{"v": 1, "kind": "dance", "session_id": "s"}']
    for body in bodies:
        await place.send(queue, body)
    async with polling(place.embedded.aws, place.embedded.outputs[queue], partial(do, place.services)):
        set_aside = [(await place.received(dead))["Body"] for _ in bodies]
    assert sorted(set_aside) == sorted(bodies)


async def test_poison_harms_no_other_message_and_its_session_is_told(place: Place) -> None:
    poisoned, job = await place.withdrawing()
    waiting = str(uuid4())
    await place.services.chats.answer(ChatRequest(waiting, await place.services.apps.get("desk"), "hello"), 0)
    poison = json.dumps(job.model_dump() | {"kind": "repeat"})
    await place.send("ToolCallsQueueUrl", poison)
    await place.send("ToolCallsQueueUrl", "not ours")
    await place.send("TurnsQueueUrl", "not ours")
    aws, outputs = place.embedded.aws, place.embedded.outputs
    async with (
        polling(aws, outputs["TurnsQueueUrl"], partial(do_job, place.services)),
        polling(aws, outputs["ToolCallsQueueUrl"], partial(do_tool_job, place.services)),
    ):
        set_aside = [(await place.received("ToolCallsDeadLettersUrl"))["Body"] for _ in range(2)]
        assert (await place.received("TurnsDeadLettersUrl"))["Body"] == "not ours"
        after, other = await _answered(place, poisoned, 2), await _answered(place, waiting, 1)
    assert sorted(set_aside) == sorted([poison, "not ours"])
    assert [m["tool_result"][1] for m in after["messages"] if m["tool_result"]][-1].startswith(
        "This could not be begun"
    )
    assert [next(iter(event)) for event in after["system_events"]] == ["AsyncCallback", "SystemNotice"]
    assert after["system_events"][1] == {"SystemNotice": "Withdraw could not be finished."}
    assert other["messages"][-1]["content"] == "That is how it is."


async def _answered(place: Place, session_id: str, times: int) -> dict[str, Any]:
    """The snapshot once the assistant has spoken so many times; system events are those of all snapshots."""
    events: list[Any] = []
    async with asyncio.timeout(20):
        while True:
            found = await place.snapshot(session_id)
            events += found["system_events"]
            if [message["content"] for message in found["messages"]].count("That is how it is.") == times:
                return found | {"system_events": events}
            await asyncio.sleep(0.05)


async def test_a_job_whose_tries_are_over_is_told_and_set_aside(place: Place) -> None:
    session_id, job = await place.withdrawing()
    await place.send("ToolCallsQueueUrl", job.model_dump_json())
    await place.tried("ToolCallsQueueUrl", MOST_TRIES - 1)
    aws, outputs = place.embedded.aws, place.embedded.outputs
    async with (
        polling(aws, outputs["TurnsQueueUrl"], partial(do_job, place.services)),
        polling(aws, outputs["ToolCallsQueueUrl"], partial(do_tool_job, place.services)),
    ):
        assert (await place.received("ToolCallsDeadLettersUrl"))["Body"] == job.model_dump_json()
        after = await _answered(place, session_id, 2)
    assert [next(iter(event)) for event in after["system_events"]] == ["AsyncCallback", "SystemNotice"]
    assert after["system_events"][1] == {"SystemNotice": "Withdraw could not be finished."}
    assert after["is_processing"] is False


def test_a_function_puts_off_its_own_messages(embedded: Embedded) -> None:
    """As Lambda hands them over, with the receipts of the real queue: all go to the dead letters without a wait."""
    services = wire(settings_for(embedded.outputs, None), embedded.aws, {})
    sqs, queue, dead = (
        embedded.aws.client("sqs"), embedded.outputs["ToolCallsQueueUrl"], embedded.outputs["ToolCallsDeadLettersUrl"],
    )  # fmt: skip
    sqs.send_message(QueueUrl=queue, MessageBody="not ours")
    for tries in range(1, MOST_TRIES + 1):
        (message,) = sqs.receive_message(QueueUrl=queue, AttributeNames=["All"], WaitTimeSeconds=1)["Messages"]
        assert message["Attributes"]["ApproximateReceiveCount"] == str(tries)
        record = {
            "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
            "attributes": message["Attributes"], "eventSource": "aws:sqs",
        }  # fmt: skip
        do = partial(do_tool_job, services)
        answer = each_message({"Records": [record]}, do, services.tool_calls_queue.again)
        assert answer == {"batchItemFailures": [{"itemIdentifier": message["MessageId"]}]}
    assert "Messages" not in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)
    (message,) = sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=1)["Messages"]
    assert message["Body"] == "not ours"
    sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
