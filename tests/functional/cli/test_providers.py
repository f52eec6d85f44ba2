"""`attache providers`, on a local stack and on a stage."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from attache.models.ssm_provider_keys import SsmProviderKeys
from tests.functional.cli.conftest import Attache, Stack

pytestmark = pytest.mark.aws


def kept(stack: Stack, provider: str, stage: str = "local") -> str | None:
    return asyncio.run(SsmProviderKeys(stack.aws, stage).read(provider))


def listed(attache: Attache) -> dict[str, Any]:
    return {each["provider"]: each for each in json.loads(attache("providers", "list", "--json").stdout)}


def test_a_key_comes_from_standard_input_and_shows_nowhere(attache: Attache, stack: Stack) -> None:
    done = attache("providers", "set", "anthropic", stdin="sk-ant-hidden\n")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "The key for anthropic is set on the local stack" in done.stderr
    assert "sk-ant-hidden" not in done.output
    assert kept(stack, "anthropic") == "sk-ant-hidden"
    assert "sk-ant-hidden" not in attache("providers", "list").output


def test_providers_are_listed_with_their_models_and_keys_are_deleted(attache: Attache, stack: Stack) -> None:
    attache("providers", "set", "openai", stdin="sk-1")
    assert list(listed(attache)) == ["anthropic", "openai", "openrouter"]
    assert listed(attache)["openai"]["updated"].startswith("20")
    assert "gpt-4o" in listed(attache)["openai"]["models"]
    assert attache("providers", "delete", "openai").exit_code == 0
    assert listed(attache)["openai"]["updated"] is None
    assert kept(stack, "openai") is None
    again = attache("providers", "delete", "openai")
    assert (again.exit_code, again.stderr) == (1, "Error: There is no key for openai on the local stack.\n")


def test_a_stage_has_keys_of_its_own(attache: Attache, stack: Stack, stage: str) -> None:
    assert attache("providers", "set", "openrouter", "--stage", stage, stdin="sk-staged").exit_code == 0
    assert (kept(stack, "openrouter", stage), kept(stack, "openrouter")) == ("sk-staged", None)


@pytest.mark.parametrize(
    ("provider", "value", "why"),
    [
        ("openai", b"", "is empty"),
        ("openai", b" \n", "is empty"),
        ("openai", b"\xff", "not UTF-8"),
        ("openai", b"two\nlines", "This is no key"),
        ("openai", b"two words", "This is no key"),
        ("openai", "ключ".encode(), "This is no key"),
        ("openai", b"x" * 4097, "This is no key"),
        ("acme", b"sk-1", "there are anthropic, openai, openrouter"),
    ],
)
def test_what_is_no_key_is_refused(attache: Attache, stack: Stack, provider: str, value: bytes, why: str) -> None:
    refused = attache("providers", "set", provider, stdin=value)
    assert refused.exit_code == 1
    assert why in refused.stderr
    assert kept(stack, provider) is None
