"""What crash tests share: an embedded AWS, and a world whose times are a twentieth of the protocol's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.crash.scenario import shorter
from tests.crash.world import World, world
from tests.embedded import Embedded, embedded_aws


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with embedded_aws(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture(scope="session")
def under_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """An embedded AWS of its own for `at`: other tests deploy another app of the same name."""
    with embedded_aws(tmp_path_factory.mktemp("under")) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def at(under_world: Embedded, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """For tests marked `asyncio(loop_scope="session")`."""
    async with world(under_world, shorter(by=20), tmp_path_factory.mktemp("reports")) as made:
        yield made
