"""The whole way on an embedded AWS: an object, S3's own event, the documents function, a search."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path

import pytest

from attache.documents.embeddings import Account
from attache.documents.listing import listed
from attache.documents.search import DocumentSearch
from attache.settings import Settings
from attache.wire.deliveries import MOST_TRIES, GivenUp, NotOurs
from attache.wiring import Services, wire
from functions.documents.jobs import GIVEN_UP, do_document_job
from tests.embedded import Embedded

pytestmark = pytest.mark.aws


@pytest.fixture
def services(embedded: Embedded, tmp_path: Path) -> Services:
    outputs = embedded.outputs
    settings = Settings(
        sessions_table=outputs["SessionsTable"],
        registry_table=outputs["RegistryTable"],
        data_bucket=outputs["DataBucket"],
        secrets_key=outputs["SecretsKey"],
        turns_queue_url=outputs["TurnsQueueUrl"],
        documents_bucket=outputs["DocumentsBucket"],
        documents_queue_url=outputs["DocumentsQueueUrl"],
        search_backend="embedded",
        search_endpoint=str(tmp_path / "index.sqlite"),
    )
    return wire(settings, embedded.aws, {})


@pytest.fixture
def app() -> str:
    return f"app-{secrets.token_hex(4)}"


async def messages(services: Services) -> list[str]:
    """What is on the queue now, taken off it."""
    bodies: list[str] = []
    url = services.settings.documents_queue_url
    while True:
        answer = await services.aws.call(
            "sqs", "receive_message", QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0
        )
        if not answer.get("Messages"):
            return bodies
        for message in answer["Messages"]:
            bodies.append(message["Body"])
            await services.aws.call("sqs", "delete_message", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


async def handled(services: Services) -> int:
    bodies = await messages(services)
    await asyncio.gather(*(do_document_job(services, body) for body in bodies))
    return len(bodies)


async def found(services: Services, app: str, text: str) -> list[str]:
    search = services.document_search
    assert isinstance(search, DocumentSearch)
    return [passage.text for passage in await search.find(text, 5, Account(app))]


async def test_an_object_put_or_deleted_is_all_there_is_to_do(services: Services, app: str) -> None:
    await messages(services)
    await services.originals.put(app, "help/the fées.md", b"# Fees\n\nA withdrawal costs a dollar.\n")
    await services.originals.put(app, "broken.pdf", b"%PDF-1.7 nothing")
    assert await handled(services) == 2
    assert await found(services, app, "withdrawal") == ["A withdrawal costs a dollar."]
    shown = await listed(services.originals, services.document_records, app)
    assert [(each.path, each.state) for each in shown] == [("broken.pdf", "failed"), ("help/the fées.md", "indexed")]
    await services.originals.delete(app, "help/the fées.md")
    await handled(services)
    assert await found(services, app, "withdrawal") == []


async def test_what_is_no_document_of_an_app_is_left_alone(services: Services) -> None:
    await messages(services)
    for key in ("loose.md", "Not An App/a.md", "*/a.md", "shop/"):
        await services.aws.call("s3", "put_object", Bucket=services.settings.documents_bucket, Key=key, Body=b"x")
    assert await handled(services) == 4


async def test_s3s_own_test_is_no_document(services: Services) -> None:
    await do_document_job(services, json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}))


@pytest.mark.parametrize("body", ["", "no json", "[]", '{"v": 1, "kind": "start"}', '{"Records": [{"s3": {}}]}'])
async def test_a_message_that_is_not_ours_is_set_aside(services: Services, body: str) -> None:
    with pytest.raises(NotOurs):
        await do_document_job(services, body)


async def test_after_the_last_try_the_document_says_so(services: Services, app: str, tmp_path: Path) -> None:
    await services.originals.put(app, "a.md", b"text")
    (tmp_path / "index.sqlite").mkdir()  # an index that cannot be opened
    (body,) = [body for body in await messages(services) if app in body]
    with pytest.raises(GivenUp):
        await do_document_job(services, body, MOST_TRIES)
    (shown,) = await listed(services.originals, services.document_records, app)
    assert (shown.state, shown.why) == ("failed", GIVEN_UP)
