"""One contract for every KeyStore."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from attache.aws import Aws
from attache.errors import Conflict, NotFound, Unavailable
from attache.keys import KeyRecord, KeyStore
from attache.keys.dynamo_keys import DynamoKeys
from attache.keys.key import new_key
from tests.fakes.key_store import FakeKeyStore
from tests.functional.registry import registry_in_memory

NOW = 1_800_000_000_000


@pytest.fixture(params=["fake", "dynamo"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[KeyStore]:
    if request.param == "fake":
        yield FakeKeyStore()
        return
    with registry_in_memory() as registry:
        yield DynamoKeys(registry.aws, registry.table)


def record(created: int = NOW, expires: int | None = None, label: str = "") -> KeyRecord:
    return new_key(["shop", "bank"], label, created, expires).record


async def test_a_key_comes_back_as_it_was_added(store: KeyStore) -> None:
    for kept in (record(), record(NOW, NOW + 1, "prod, für uns")):
        await store.add(kept)
        assert await store.find(kept.id) == kept
    assert await store.find(record().id) is None


async def test_keys_are_listed_oldest_first(store: KeyStore) -> None:
    kept = [record(NOW + age) for age in (2, 0, 1)]
    for one in kept:
        await store.add(one)
    assert await store.all() == [kept[1], kept[2], kept[0]]


async def test_a_long_list_is_whole(store: KeyStore) -> None:
    kept = [replace(record(NOW + age), apps=("a" * 20_000,)) for age in range(80)]  # 1.6 MB, over one page
    for one in kept:
        await store.add(one)
    assert await store.all() == kept


async def test_a_revocation_shows_at_once_and_keeps_its_time(store: KeyStore) -> None:
    kept = record()
    await store.add(kept)
    await store.revoke(kept.id, NOW + 1)
    await store.revoke(kept.id, NOW + 2)
    assert await store.find(kept.id) == replace(kept, revoked=NOW + 1)
    with pytest.raises(NotFound):
        await store.revoke(record().id, NOW)


async def test_a_key_is_replaced_whole_or_not_at_all(store: KeyStore) -> None:
    old, new, other = record(), record(), record()
    await store.add(old)
    await store.replace(old.id, NOW + 5, new)
    assert await store.find(old.id) == replace(old, expires=NOW + 5)
    assert await store.find(new.id) == new
    await store.revoke(old.id, NOW)
    for missing_or_revoked in (old.id, record().id):
        with pytest.raises(Conflict):
            await store.replace(missing_or_revoked, NOW + 9, other)
    assert await store.find(other.id) is None


async def test_a_use_is_noted_unless_a_newer_one_is(store: KeyStore) -> None:
    kept = record()
    await store.add(kept)
    noted = []
    for at, unless_after in ((NOW, 0), (NOW + 9, NOW - 1), (NOW + 9, NOW)):
        await store.used(kept.id, at, unless_after)
        noted.append(await store.find(kept.id))
    assert noted == [replace(kept, last_used=at) for at in (NOW, NOW, NOW + 9)]


async def test_a_use_makes_no_key(store: KeyStore) -> None:
    gone = record()
    await store.used(gone.id, NOW, 0)
    assert await store.find(gone.id) is None


def refused(code: str, status: int = 400, *reasons: str) -> Callable[[], Exception]:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return lambda: ClientError({**answer, "CancellationReasons": [{"Code": reason} for reason in reasons]}, "Any")


@pytest.mark.parametrize(
    ("failure", "seen_as"),
    [
        (refused("ThrottlingException"), Unavailable),
        (refused("ProvisionedThroughputExceededException"), Unavailable),
        (refused("InternalServerError", 500), Unavailable),
        (refused("TransactionCanceledException", 400, "None", "TransactionConflict"), Unavailable),
        (lambda: ReadTimeoutError(endpoint_url="http://dynamodb"), Unavailable),
        (refused("TransactionCanceledException", 400, "ConditionalCheckFailed", "None"), Conflict),
        (refused("AccessDeniedException"), ClientError),
    ],
)
async def test_the_failures_of_dynamodb_are_sorted(failure: Callable[[], Exception], seen_as: type[Exception]) -> None:
    with registry_in_memory() as registry:
        fail(registry.aws, "TransactWriteItems", failure)
        with pytest.raises(seen_as):
            await DynamoKeys(registry.aws, registry.table).replace(record().id, NOW, record())


def fail(aws: Aws, operation: str, failure: Callable[[], Exception]) -> None:
    def instead(**_: object) -> None:
        raise failure()

    aws.client("dynamodb").meta.events.register(f"before-call.dynamodb.{operation}", instead)
