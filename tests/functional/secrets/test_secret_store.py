"""One contract for every SecretStore, and one for every Sealer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError
from pydantic import SecretStr

from attache.clock import Clock
from attache.errors import Unavailable
from attache.secrets import CannotOpen, Secrets, app_scope
from attache.secrets.dynamo_secrets import DynamoSecrets
from attache.secrets.kms_sealer import KmsSealer
from attache.secrets.sealer import Place, Sealed, Sealer
from attache.secrets.secret_store import Kept, Note, SecretStore
from tests.fakes.secret_store import FakeSealer, FakeSecretStore
from tests.functional.registry import Registry, registry_in_memory

PLACE = Place(app_scope("shop"), "API_KEY")
ELSEWHERE = [Place(app_scope("bank"), "API_KEY"), Place(app_scope("shop"), "OTHER")]
SEALED = Sealed(b"\x00key", b"nonce\xff", b"ciphertext")
KEPT = Kept(SEALED)


@pytest.fixture
async def registry() -> AsyncIterator[Registry]:
    with registry_in_memory() as registry:
        yield registry


@pytest.fixture(params=["fake", "dynamo"])
def store(request: pytest.FixtureRequest, registry: Registry) -> SecretStore:
    return FakeSecretStore() if request.param == "fake" else DynamoSecrets(registry.aws, registry.table, Clock())


@pytest.fixture(params=["fake", "kms"])
def sealer(request: pytest.FixtureRequest, registry: Registry) -> Sealer:
    return FakeSealer() if request.param == "fake" else KmsSealer(registry.aws, registry.key)


async def test_what_is_written_is_read_in_its_place_alone(store: SecretStore) -> None:
    await store.write(PLACE, KEPT)
    assert await store.read(PLACE) == KEPT
    assert [await store.read(place) for place in ELSEWHERE] == [None, None]


async def test_the_last_write_wins(store: SecretStore) -> None:
    await store.write(PLACE, KEPT)
    await store.write(PLACE, Kept(replace(SEALED, ciphertext=b"new")))
    assert await store.read(PLACE) == Kept(replace(SEALED, ciphertext=b"new"))


@pytest.mark.parametrize("note", [Note(("shop", "bank")), Note(()), Note(prefix="sk-1", label="mine")])
async def test_a_note_is_kept_beside_the_value(store: SecretStore, note: Note) -> None:
    await store.write(PLACE, Kept(SEALED, note))
    assert await store.read(PLACE) == Kept(SEALED, note)


async def test_removing_says_whether_there_was_something(store: SecretStore) -> None:
    await store.write(PLACE, KEPT)
    assert [await store.remove(PLACE), await store.remove(PLACE)] == [True, False]
    assert await store.read(PLACE) is None


async def test_names_are_those_of_a_scope_sorted(store: SecretStore) -> None:
    for name in ("B", "A", "C"):
        await store.write(Place(app_scope("shop"), name), KEPT)
    await store.write(Place(app_scope("shop-staging"), "D"), KEPT)
    assert await store.names(app_scope("shop")) == ["A", "B", "C"]
    assert await store.names(app_scope("bank")) == []


async def test_names_of_more_than_a_page_are_whole(store: SecretStore) -> None:
    for number in range(30):
        await store.write(Place(PLACE.scope, f"S{number:02d}"), Kept(replace(SEALED, ciphertext=bytes(64 * 1024))))
    assert await store.names(PLACE.scope) == [f"S{number:02d}" for number in range(30)]


@pytest.mark.parametrize("value", ["hunter2", "", "ключ 🔑", "x" * 64 * 1024])
async def test_what_is_sealed_opens_in_its_place_alone(sealer: Sealer, value: str) -> None:
    sealed = await sealer.seal(SecretStr(value), PLACE)
    assert (await sealer.open(sealed, PLACE)).get_secret_value() == value
    for place in ELSEWHERE:
        with pytest.raises(CannotOpen):
            await sealer.open(sealed, place)


async def test_each_seal_has_a_key_and_a_nonce_of_its_own(registry: Registry) -> None:
    sealer = KmsSealer(registry.aws, registry.key)
    one, other = [await sealer.seal(SecretStr("hunter2"), PLACE) for _ in range(2)]
    assert one.data_key != other.data_key
    assert one.nonce != other.nonce
    assert one.ciphertext != other.ciphertext


@pytest.mark.parametrize("part", ["data_key", "nonce", "ciphertext"])
async def test_what_was_damaged_does_not_open(registry: Registry, part: str) -> None:
    sealer = KmsSealer(registry.aws, registry.key)
    sealed = await sealer.seal(SecretStr("hunter2"), PLACE)
    whole: bytes = getattr(sealed, part)
    with pytest.raises(CannotOpen):
        await sealer.open(replace(sealed, **{part: whole[:-1] + bytes([whole[-1] ^ 1])}), PLACE)


async def test_kms_does_not_open_a_data_key_in_another_place(registry: Registry) -> None:
    """The encryption context alone refuses, before AES-GCM could."""
    sealed = await KmsSealer(registry.aws, registry.key).seal(SecretStr("hunter2"), PLACE)
    context = {"scope": ELSEWHERE[0].scope, "name": PLACE.name}
    with pytest.raises(ClientError, match="InvalidCiphertext"):
        await registry.aws.call("kms", "decrypt", CiphertextBlob=sealed.data_key, EncryptionContext=context)


async def test_a_key_service_that_fails_is_unavailable(registry: Registry) -> None:
    def throttled(**_: object) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "GenerateDataKey")

    registry.aws.client("kms").meta.events.register("before-call.kms.GenerateDataKey", throttled)
    with pytest.raises(Unavailable, match="key service"):
        await KmsSealer(registry.aws, registry.key).seal(SecretStr("hunter2"), PLACE)


async def test_no_item_of_the_table_has_the_value(registry: Registry) -> None:
    store = DynamoSecrets(registry.aws, registry.table, Clock())
    secrets = Secrets(store, KmsSealer(registry.aws, registry.key), Clock())
    await secrets.put(app_scope("shop"), "API_KEY", SecretStr("hunter2-hunter2"))
    items = (await registry.aws.call("dynamodb", "scan", TableName=registry.table))["Items"]
    assert len(items) == 1
    assert b"hunter2" not in repr(items).encode()
    assert await secrets.value("shop", "API_KEY") == "hunter2-hunter2"
