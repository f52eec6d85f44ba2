"""What LiteLLM's tables say of the catalogue's models, and what its tokenizer makes of texts; all without a network."""

from __future__ import annotations

import pytest

from attache.models.catalogue import Catalogue
from attache.models.litellm_windows import LitellmWindows

WINDOWS = LitellmWindows(Catalogue.read())


@pytest.mark.parametrize("model", [*(m for m in Catalogue.read().entries if "*" not in m), "openrouter/openai/gpt-4o"])
async def test_every_model_of_the_catalogue_has_room(model: str) -> None:
    assert (await WINDOWS.room(model) or 0) > 100_000


async def test_room_for_the_answer_is_left() -> None:
    assert await WINDOWS.room("gpt-4o") == 128_000 - 16_000


@pytest.mark.parametrize("model", ["openrouter/nobody/knows", "no such model"])
async def test_what_is_not_in_the_tables_is_not_known(model: str) -> None:
    assert await WINDOWS.room(model) is None


async def test_tokens_are_counted_and_special_ones_are_text() -> None:
    few, many, special = await WINDOWS.count(["hello", "hello world " * 1_000, "<|endoftext|>"])
    assert few <= 2 < special
    assert 2_000 <= many <= 4_000
