"""The pollers do for a queue's handler what Lambda does."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

from attache.aws import Aws
from attache.errors import Unavailable
from attache_local.embedded_aws import EmbeddedAws
from attache_local.queue_pollers import polling

pytestmark = pytest.mark.aws


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with EmbeddedAws(tmp_path_factory.mktemp("aws")) as aws:
        yield aws


@pytest.fixture
def aws(embedded: EmbeddedAws) -> Aws:
    return Aws(embedded.access)


@pytest.fixture
async def queue(aws: Aws, request: pytest.FixtureRequest) -> str:
    made = await aws.call("sqs", "create_queue", QueueName=request.node.name, Attributes={"VisibilityTimeout": "60"})
    return str(made["QueueUrl"])


async def send(aws: Aws, queue: str, *bodies: str) -> None:
    for body in bodies:
        await aws.call("sqs", "send_message", QueueUrl=queue, MessageBody=body)


async def left(aws: Aws, queue: str) -> tuple[int, int]:
    """Messages that wait, and messages that somebody has received and not deleted."""
    answer = await aws.call("sqs", "get_queue_attributes", QueueUrl=queue, AttributeNames=["All"])
    counts = answer["Attributes"]
    return int(counts["ApproximateNumberOfMessages"]), int(counts["ApproximateNumberOfMessagesNotVisible"])


async def gone(aws: Aws, queue: str) -> None:
    for _ in range(1000):
        if await left(aws, queue) == (0, 0):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody deletes it")


async def test_what_was_handled_is_deleted(aws: Aws, queue: str) -> None:
    handled: list[str] = []
    all_three = asyncio.Event()

    async def handle(body: str, _: int) -> None:
        handled.append(body)
        if len(handled) == 3:
            all_three.set()

    await send(aws, queue, "a", "b", "c")
    async with polling(aws, queue, handle):
        await all_three.wait()
    assert sorted(handled) == ["a", "b", "c"]
    assert await left(aws, queue) == (0, 0)


async def test_what_came_again_while_it_was_handled_is_deleted_once(
    aws: Aws, queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    came: list[str] = []
    again = asyncio.Event()

    async def handle(body: str, _: int) -> None:
        came.append(body)
        if len(came) == 1:
            await again.wait()
            await gone(aws, queue)
        again.set()

    await aws.call("sqs", "set_queue_attributes", QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    await send(aws, queue, "a")
    async with polling(aws, queue, handle):
        await again.wait()
    gc.collect()  # asyncio tells of a task that failed and that nobody asked when it is collected
    assert came == ["a", "a"]
    assert not caplog.records


async def test_messages_are_handled_side_by_side(aws: Aws, queue: str) -> None:
    both, done = asyncio.Barrier(3), asyncio.Barrier(3)

    async def handle(_: str, tries: int) -> None:
        await both.wait()
        await done.wait()

    await send(aws, queue, "a", "b")
    async with polling(aws, queue, handle), asyncio.timeout(10):
        await both.wait()
        assert await left(aws, queue) == (0, 2)
        await done.wait()
    assert await left(aws, queue) == (0, 0)


async def test_what_failed_stays_invisible_until_its_time(
    aws: Aws, queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    tried = asyncio.Event()

    async def handle(_: str, tries: int) -> None:
        tried.set()
        raise ValueError("no")

    await send(aws, queue, "a")
    async with polling(aws, queue, handle):
        await tried.wait()
    assert await left(aws, queue) == (0, 1)
    assert f"a message of {queue} failed" in caplog.text
    assert 'raise ValueError("no")' in caplog.text


async def test_a_failure_known_in_words_is_logged_in_one_line(
    aws: Aws, queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    tried = asyncio.Event()

    async def handle(_: str, tries: int) -> None:
        tried.set()
        raise Unavailable("The model is silent.")

    await send(aws, queue, "a")
    async with polling(aws, queue, handle):
        await tried.wait()
    (line,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert (line.getMessage(), line.exc_info) == (f"a message of {queue} failed: The model is silent.", None)


async def test_a_stop_gives_back_what_is_not_done(aws: Aws, queue: str) -> None:
    begun = asyncio.Event()

    async def handle(_: str, tries: int) -> None:
        begun.set()
        await asyncio.Event().wait()

    await send(aws, queue, "a")
    async with polling(aws, queue, handle):
        await begun.wait()
    assert await left(aws, queue) == (1, 0)
