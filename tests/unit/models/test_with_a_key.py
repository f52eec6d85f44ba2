"""An app answers by a model whose provider's key is there."""

from __future__ import annotations

import pytest

from attache.apps import ModelChoice
from attache.models.catalogue import Catalogue
from attache.models.with_a_key import BY_OPENROUTER, with_a_key

CHOICE = ModelChoice(default="claude-sonnet", allowed=("claude-haiku", "gpt-4o", "openrouter/*"))


@pytest.mark.parametrize(
    ("providers", "default"),
    [
        ([], "claude-sonnet"),
        (["anthropic", "openai"], "claude-sonnet"),
        (["openai", "openrouter"], "gpt-4o"),
        (["openrouter"], BY_OPENROUTER),
    ],
)
def test_the_default_model_is_one_that_can_answer(providers: list[str], default: str) -> None:
    assert with_a_key(Catalogue.read(), CHOICE, providers).default == default
