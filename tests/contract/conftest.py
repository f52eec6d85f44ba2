from __future__ import annotations

import os
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
    from tests.contract.ground import local_ground  # here, so that the other tests of this folder need none of it
    from tests.contract.roles import roles_ground
    from tests.contract.service import running_service

    under = roles_ground if os.environ.get("AS_ROLES") else local_ground  # make roles
    with running_service(tmp_path_factory.mktemp("aws"), under) as running:
        yield running


@pytest.fixture(scope="session")
def http(running: Running) -> Iterator[httpx.Client]:
    from tests.contract.conformity import conforms

    hooks = {"response": [conforms]}
    with httpx.Client(base_url=running.url, trust_env=False, timeout=30, event_hooks=hooks) as client:
        yield client
