from __future__ import annotations

from attache.models.access import Access, ProviderAccess
from attache.models.catalogue import Catalogue
from attache.models.provider_keys import ProviderKeys
from tests.fakes.clock import FakeClock
from tests.fakes.provider_keys import FakeProviderKeyStore

DEMO = "http://127.0.0.1:9/v1"
CLAUDE = Catalogue.read().resolve("claude-sonnet")
GPT = Catalogue.read().resolve("gpt-4o")


async def test_a_provider_is_reached_with_its_key_at_its_own_address() -> None:
    access = ProviderAccess.from_environ({"ANTHROPIC_API_KEY": "sk-a", "PATH": "/bin"})
    assert await access.to(CLAUDE) == Access(CLAUDE.route, "sk-a")


async def test_an_address_of_the_operators_goes_before() -> None:
    environ = {"OPENAI_API_KEY": "sk-o", "OPENAI_API_BASE": "http://gateway/v1", "OPENAI_BASE_URL": "http://other"}
    assert await ProviderAccess.from_environ(environ).to(GPT) == Access(GPT.route, "sk-o", "http://gateway/v1")
    del environ["OPENAI_API_BASE"]
    assert (await ProviderAccess.from_environ(environ).to(GPT)).api_base == "http://other"


async def test_the_users_own_key_goes_before_the_operators_and_the_demo() -> None:
    assert (await ProviderAccess({"openai": "sk-o"}).to(GPT, "sk-user")).api_key == "sk-user"
    assert await ProviderAccess(demo_url=DEMO).to(GPT, "sk-user") == Access(GPT.route, "sk-user")


async def test_without_a_key_there_is_the_demo_or_nothing() -> None:
    access = ProviderAccess.from_environ({"ANTHROPIC_API_KEY": "sk-a", "OPENAI_API_KEY": " "}, DEMO)
    assert (await access.to(CLAUDE)).demo is False
    assert await access.to(GPT) == Access("openai/gpt-4o", "demo", DEMO, demo=True)
    assert (await ProviderAccess().to(GPT)).api_key is None


async def test_a_key_does_not_show() -> None:
    access = ProviderAccess.from_environ({"OPENAI_API_KEY": "sk-secret"})
    assert "sk-secret" not in repr(access) + repr(await access.to(GPT))


async def test_a_kept_key_is_used_where_the_environment_gives_none() -> None:
    kept = ProviderKeys(FakeProviderKeyStore({"openai": "sk-kept", "anthropic": "sk-kept"}), FakeClock())
    access = ProviderAccess.from_environ({"ANTHROPIC_API_KEY": "sk-given"}, DEMO, kept)
    assert (await access.to(CLAUDE)).api_key == "sk-given"
    assert await access.to(GPT) == Access(GPT.route, "sk-kept")
    assert (await access.to(GPT, "sk-user")).api_key == "sk-user"


async def test_a_refused_key_is_replaced_only_by_another_that_is_kept() -> None:
    store = FakeProviderKeyStore({"openai": "sk-old", "anthropic": "sk-kept"})
    access = ProviderAccess({"anthropic": "sk-given"}, kept=ProviderKeys(store, FakeClock()))
    used = await access.to(GPT)
    assert await access.again(GPT, used) is None
    store.keys["openai"] = "sk-new"
    renewed = await access.again(GPT, used)
    assert renewed is not None
    assert renewed.api_key == "sk-new"
    assert await access.again(CLAUDE, await access.to(CLAUDE)) is None
    assert await ProviderAccess({"openai": "sk"}).again(GPT, used) is None
