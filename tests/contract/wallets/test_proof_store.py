"""One contract for every ProofStore."""

from __future__ import annotations

import asyncio
import secrets

import pytest
from botocore.exceptions import ReadTimeoutError

from attache.aws import Aws
from attache.errors import Unavailable
from attache.wallets.dynamo_proofs import DynamoProofs
from attache.wallets.proof_store import Granted, Issued, ProofStore
from tests.embedded import Embedded
from tests.fakes.proof_store import FakeProofStore

pytestmark = pytest.mark.aws
UNTIL = 1_800_000_000_123
WALLET = "0x" + "ab" * 20


@pytest.fixture(params=["fake", "dynamo"])
def store(request: pytest.FixtureRequest) -> ProofStore:
    if request.param == "fake":
        return FakeProofStore()
    embedded: Embedded = request.getfixturevalue("embedded")
    return DynamoProofs(embedded.aws, embedded.outputs["RegistryTable"])


def issued() -> Issued:
    return Issued(secrets.token_hex(16), WALLET, "d" * 64, UNTIL)


async def test_a_nonce_is_there_until_it_is_spent(store: ProofStore) -> None:
    nonce = issued()
    await store.issue(nonce)
    assert await store.issued(nonce.nonce) == nonce
    assert await store.spend(nonce.nonce)
    assert await store.issued(nonce.nonce) is None
    assert not await store.spend(nonce.nonce)
    assert not await store.spend("never-issued")


async def test_of_many_who_spend_a_nonce_at_once_one_does(store: ProofStore) -> None:
    nonce = issued()
    await store.issue(nonce)
    assert sorted(await asyncio.gather(*(store.spend(nonce.nonce) for _ in range(8)))) == [False] * 7 + [True]


async def test_a_token_is_found_by_its_digest(store: ProofStore) -> None:
    granted = Granted(secrets.token_hex(32), WALLET, UNTIL)
    await store.grant(granted)
    assert await store.granted(granted.digest) == granted
    assert await store.granted(secrets.token_hex(32)) is None


async def test_what_has_expired_is_removed_by_dynamodb(embedded: Embedded) -> None:
    """`expires` is what the table's TTL goes by: whole seconds, never before the time is over."""
    nonce = issued()
    await DynamoProofs(embedded.aws, embedded.outputs["RegistryTable"]).issue(nonce)
    item = embedded.aws.client("dynamodb").get_item(
        TableName=embedded.outputs["RegistryTable"],
        Key={"pk": {"S": f"PROOF#nonce#{nonce.nonce}"}, "sk": {"S": "PROOF"}},
    )["Item"]
    assert int(item["expires"]["N"]) == UNTIL // 1000 + 1


async def test_a_store_that_does_not_answer_is_unavailable(embedded: Embedded) -> None:
    aws = Aws(embedded.aws.access)

    def silent(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="http://dynamodb")

    aws.client("dynamodb").meta.events.register("before-call.dynamodb", silent)
    with pytest.raises(Unavailable):
        await DynamoProofs(aws, embedded.outputs["RegistryTable"]).spend("any")
