from __future__ import annotations

from attache.models.access import Access, ProviderAccess
from attache.models.catalogue import Catalogue

DEMO = "http://127.0.0.1:9/v1"
CLAUDE = Catalogue.read().resolve("claude-sonnet")
GPT = Catalogue.read().resolve("gpt-4o")


def test_a_provider_is_reached_with_its_key_at_its_own_address() -> None:
    access = ProviderAccess.from_environ({"ANTHROPIC_API_KEY": "sk-a", "PATH": "/bin"})
    assert access.to(CLAUDE) == Access(CLAUDE.route, "sk-a")


def test_an_address_of_the_operators_goes_before() -> None:
    environ = {"OPENAI_API_KEY": "sk-o", "OPENAI_API_BASE": "http://gateway/v1", "OPENAI_BASE_URL": "http://other"}
    assert ProviderAccess.from_environ(environ).to(GPT) == Access(GPT.route, "sk-o", "http://gateway/v1")
    del environ["OPENAI_API_BASE"]
    assert ProviderAccess.from_environ(environ).to(GPT).api_base == "http://other"


def test_the_users_own_key_goes_before_the_operators_and_the_demo() -> None:
    assert ProviderAccess({"openai": "sk-o"}).to(GPT, "sk-user").api_key == "sk-user"
    assert ProviderAccess(demo_url=DEMO).to(GPT, "sk-user") == Access(GPT.route, "sk-user")


def test_without_a_key_there_is_the_demo_or_nothing() -> None:
    access = ProviderAccess.from_environ({"ANTHROPIC_API_KEY": "sk-a", "OPENAI_API_KEY": " "}, DEMO)
    assert access.to(CLAUDE).demo is False
    assert access.to(GPT) == Access("openai/gpt-4o", "demo", DEMO, demo=True)
    assert ProviderAccess().to(GPT).api_key is None


def test_a_key_does_not_show() -> None:
    access = ProviderAccess.from_environ({"OPENAI_API_KEY": "sk-secret"})
    assert "sk-secret" not in repr(access) + repr(access.to(GPT))
