"""Exchanges that may reach this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from attache.tools.guarded_network import GuardedNetwork
from attache.tools.http_exchange import Exchanges


@pytest.fixture
async def exchanges() -> AsyncIterator[Exchanges]:
    made = Exchanges(GuardedNetwork(allow_loopback=True))
    yield made
    await made.close()
