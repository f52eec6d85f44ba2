from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.contract.service import Running
    from tests.embedded import Embedded


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    from tests.embedded import embedded_aws

    with embedded_aws(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    from tests.contract.service import running_service  # here, so that the other tests of this folder need none of it

    with running_service(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture(scope="session")
def http(running: Running) -> Iterator[httpx.Client]:
    from tests.contract.conformity import conforms

    hooks = {"response": [conforms]}
    with httpx.Client(base_url=running.url, trust_env=False, timeout=30, event_hooks=hooks) as client:
        yield client
