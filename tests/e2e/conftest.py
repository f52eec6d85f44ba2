"""A local stack that is started once, and one that a test starts and stops by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from attache_local.embedded_aws import EmbeddedAws
from tests.e2e.stack_process import StackProcess

Start = Callable[..., StackProcess]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackProcess]:
    begun = StackProcess.begin(tmp_path_factory.mktemp("stack"))
    yield begun.ready()
    assert begun.end() == 0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Begins a stack on this test's folder, as often as it is called."""
    begun: list[StackProcess] = []

    def again(variables: Mapping[str, str] | None = None) -> StackProcess:
        begun.append(StackProcess.begin(tmp_path, variables=variables))
        return begun[-1]

    yield again
    for each in begun:
        each.end()
    EmbeddedAws(tmp_path / ".attache" / "aws").stop()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """A client with a session of its own."""
    with httpx.Client(headers={"X-Session-Id": str(uuid4())}, timeout=60) as made:
        yield made
