"""What is done with documents is refused by no role, on an AWS that asks IAM about each request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from attache.documents.dynamo_records import DynamoRecords
from attache.documents.embeddings import Account
from attache.settings import Settings
from attache.wiring import Services, wire
from attache_local.service import settings_for
from functions.documents.jobs import do_document_job
from tests.built.recorded import object_changed
from tests.contract.roles import Deployed, deployed

pytestmark = [pytest.mark.aws, pytest.mark.slow, pytest.mark.xdist_group("document-roles"), pytest.mark.timeout(240)]
DOMAIN = "arn:aws:es:us-east-1:000000000000:domain/passages"
ENDPOINT = "https://search-passages.us-east-1.es.amazonaws.com"
KEY = "shop/fees.md"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """At its end it fails where a function was refused anything."""
    search = {"SearchBackend": "domain", "SearchEndpoint": ENDPOINT, "SearchDomain": DOMAIN}
    with deployed(tmp_path_factory.mktemp("documents"), Stage="dev", **search) as stack:
        stack.feed_nothing()
        yield stack
        assert stack.refused == []


@pytest.fixture(scope="module")
def settings(stack: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """With an index on this machine, in the place of the domain."""
    index = tmp_path_factory.mktemp("index") / "index"
    return settings_for(stack.outputs, None, index=index).model_copy(update={"stage": "dev"})


@pytest.fixture
async def worker(stack: Deployed, settings: Settings) -> AsyncIterator[Services]:
    services = wire(settings, stack.as_role_of("DocumentsFunction"), {})
    yield services
    await services.aclose()


def bucket(stack: Deployed) -> str:
    return stack.outputs["DocumentsBucket"]


async def test_a_document_is_read_found_and_forgotten(stack: Deployed, settings: Settings, worker: Services) -> None:
    stack.aws.client("s3").put_object(Bucket=bucket(stack), Key=KEY, Body=b"# Fees\n\nA withdrawal costs 0.001 BTC.")
    await do_document_job(worker, object_changed(KEY, "ObjectCreated:Put"))
    for function in ("ChatFunction", "TurnsFunction"):
        assert await found(stack, settings, function) == ["A withdrawal costs 0.001 BTC."]
    stack.aws.client("s3").delete_object(Bucket=bucket(stack), Key=KEY)
    await do_document_job(worker, object_changed(KEY, "ObjectRemoved:Delete"))
    assert await found(stack, settings, "ChatFunction") == []


async def found(stack: Deployed, settings: Settings, function: str) -> list[str]:
    """What a function that searches finds, with its own role."""
    services = wire(settings, stack.as_role_of(function), {})
    try:
        assert services.document_search is not None
        return [passage.text for passage in await services.document_search.find("withdrawal", 3, Account("shop"))]
    finally:
        await services.aclose()


async def test_what_cannot_be_read_is_noted(stack: Deployed, worker: Services) -> None:
    stack.aws.client("s3").put_object(Bucket=bucket(stack), Key="shop/broken.pdf", Body=b"no PDF")
    await do_document_job(worker, object_changed("shop/broken.pdf", "ObjectCreated:Put"))
    noted = await DynamoRecords(stack.aws, stack.outputs["RegistryTable"]).get("shop", "broken.pdf")
    assert noted is not None
    assert noted.state == "failed"


def test_s3_tells_the_queue_of_every_change(stack: Deployed) -> None:
    queue = {"QueueUrl": stack.outputs["DocumentsQueueUrl"]}
    stack.aws.client("sqs").purge_queue(**queue)
    stack.aws.client("s3").put_object(Bucket=bucket(stack), Key=KEY, Body=b"told")
    bodies = list[str]()
    while not any('"ObjectCreated:Put"' in body for body in bodies):
        messages = stack.aws.client("sqs").receive_message(**queue, WaitTimeSeconds=5).get("Messages", [])
        assert messages, bodies
        bodies += [message["Body"] for message in messages]
