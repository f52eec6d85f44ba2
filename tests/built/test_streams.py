"""The contract of chat and updates, as the built functions keep it behind the real Lambda Web Adapter."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.built.streamed_service import Streamed
from tests.contract import test_http_chat as chat
from tests.contract import test_http_updates as updates
from tests.contract.service import Running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

# Each invocation has a sandbox of its own, so that no function counts channels: reserved concurrency does that.
ELSEWHERE = {"test_too_many_channels_are_told_to_come_back"}
CONTRACT = {
    name: test
    for module in (chat, updates)
    for name, test in vars(module).items()
    if name.startswith("test_") and name not in ELSEWHERE
}
globals().update(CONTRACT)


@pytest.fixture(scope="module")
def running(streamed: Streamed) -> Running:
    return streamed.running


@pytest.fixture(scope="module")
def http(running: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.url, trust_env=False, timeout=60) as client:
        yield client
