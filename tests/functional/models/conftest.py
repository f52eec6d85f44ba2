from __future__ import annotations

import pytest

from attache.models.litellm_import import import_litellm
from tests.functional.models.providers import PROVIDERS, Provider


@pytest.fixture(scope="session", autouse=True)
def _imported() -> None:
    """So that no test's short silence is LiteLLM's import."""
    import_litellm()


@pytest.fixture(params=PROVIDERS, ids=str)
def provider(request: pytest.FixtureRequest) -> Provider:
    chosen: Provider = request.param
    return chosen
