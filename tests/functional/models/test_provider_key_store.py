"""One contract for every ProviderKeyStore; SSM's is the embedded AWS's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from botocore.exceptions import ClientError
from pydantic import SecretStr

from attache.errors import Unavailable
from attache.models.provider_keys import ProviderKeyStore
from attache.models.ssm_provider_keys import SsmProviderKeys
from tests.embedded import Embedded, embedded_aws
from tests.fakes.provider_keys import FakeProviderKeyStore

pytestmark = pytest.mark.aws
PROVIDERS = tuple(f"provider{number}" for number in range(23))

Put = Callable[[str, str], Awaitable[None]]


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with embedded_aws(tmp_path_factory.mktemp("aws")) as embedded:
        yield embedded


@pytest.fixture
async def ssm(embedded: Embedded) -> AsyncIterator[SsmProviderKeys]:
    keys = SsmProviderKeys(embedded.aws, "tested")
    yield keys
    for kept in await keys.all():
        await keys.delete(kept.provider)


@pytest.fixture(params=["fake", "ssm"])
def stored(request: pytest.FixtureRequest, embedded: Embedded, ssm: SsmProviderKeys) -> tuple[ProviderKeyStore, Put]:
    if request.param == "ssm":
        return ssm, lambda provider, key: ssm.put(provider, SecretStr(key), embedded.outputs["SecretsKey"])
    fake = FakeProviderKeyStore()

    async def put(provider: str, key: str) -> None:
        fake.keys[provider] = key

    return fake, put


async def test_a_key_is_read_as_it_was_last_set(stored: tuple[ProviderKeyStore, Put]) -> None:
    store, put = stored
    assert await store.read("openai") is None
    for key in ("sk-1", "sk-2"):
        await put("openai", key)
        assert await store.read("openai") == key
    assert await store.read("anthropic") is None


async def test_providers_with_a_key_are_found_among_any_number(stored: tuple[ProviderKeyStore, Put]) -> None:
    store, put = stored
    assert await store.present(PROVIDERS) == frozenset()
    for provider in ("provider3", "provider22", "other"):
        await put(provider, "sk")
    assert await store.present(PROVIDERS) == {"provider3", "provider22"}


async def test_keys_are_sealed_strings_under_the_stages_own_path(embedded: Embedded, ssm: SsmProviderKeys) -> None:
    await ssm.put("openai", SecretStr("sk-hidden"), embedded.outputs["SecretsKey"])
    client = embedded.aws.client("ssm")
    [kept] = client.describe_parameters()["Parameters"]
    assert (kept["Name"], kept["Type"]) == ("/attache/tested/providers/openai", "SecureString")
    assert kept["KeyId"] == embedded.outputs["SecretsKey"]
    assert "sk-hidden" not in str(client.get_parameters(Names=[kept["Name"]], WithDecryption=False))
    assert await SsmProviderKeys(embedded.aws, "other").read("openai") is None


async def test_keys_are_listed_and_deleted(embedded: Embedded, ssm: SsmProviderKeys) -> None:
    await asyncio.gather(*(ssm.put(name, SecretStr("sk"), embedded.outputs["SecretsKey"]) for name in PROVIDERS))
    assert [kept.provider for kept in await ssm.all()] == sorted(PROVIDERS)
    assert await ssm.delete("provider0")
    assert not await ssm.delete("provider0")
    assert len(await ssm.all()) == len(PROVIDERS) - 1


async def test_what_aws_refuses_is_unavailable_to_a_turn(embedded: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetParameter")

    monkeypatch.setattr(embedded.aws.client("ssm"), "get_parameter", refused)
    with pytest.raises(Unavailable) as raised:
        await SsmProviderKeys(embedded.aws, "tested").read("openai")
    assert "AccessDenied" not in raised.value.message
