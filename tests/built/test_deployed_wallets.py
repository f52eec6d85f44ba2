"""Proofs of wallets, in a deployment that asks for them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import httpx
import pytest

from tests.built.engines import BUILT, REHEARSAL, needed
from tests.contract import test_http_wallet as contract
from tests.contract.service import Running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
CONTRACT = {
    name: test
    for name, test in vars(contract).items()
    if name.startswith("test_") and "proving" in inspect.signature(test).parameters
}
globals().update(CONTRACT, wallet=contract.wallet)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    needed(BUILT, REHEARSAL)
    from tests.built.deployed_service import deployed_service

    with deployed_service(tmp_path_factory.mktemp("deployed"), WalletProof="required") as running:
        yield running


@pytest.fixture(scope="module")
def proving(running: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.proving, trust_env=False, timeout=120) as client:
        yield client
