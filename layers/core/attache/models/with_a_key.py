"""The default model, if not every provider has a key."""

from __future__ import annotations

from collections.abc import Collection

from attache.apps.app import ModelChoice
from attache.models.catalogue import Catalogue

BY_OPENROUTER = "openrouter/openai/gpt-4o-mini"


def with_a_key(catalogue: Catalogue, models: ModelChoice, providers: Collection[str]) -> ModelChoice:
    """The choice with the first model of these providers as its default; unchanged if there is none."""
    entries = catalogue.listing(models.default, models.allowed)
    usable = [entry.id for entry in entries if entry.provider in providers]
    if "openrouter" in providers and models.allows(BY_OPENROUTER):
        usable.append(BY_OPENROUTER)
    return models.model_copy(update={"default": usable[0]}) if usable else models
