"""MyCoinDex answers as its description says, and logs what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from attache_local.ports import listen
from attache_local.serving import serving
from example_api.server import example_api

ORDER = {"userId": "user123", "symbol": "ETH", "side": "sell", "amount": 1}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = example_api("right", tmp_path / "log", latency=0.05)
    headers = {"X-Api-Key": "right"}
    async with serving(app, listen(0)) as url, httpx.AsyncClient(base_url=url, headers=headers) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/prices/eth", 200, ("symbol", "ETH")),
        ("/prices/NONE", 404, None),
        ("/prices/ETH?currency=EUR", 400, None),
        ("/portfolio/user123", 200, ("totalValue", 32398.1)),
        ("/portfolio/nobody", 404, None),
        ("/markets?status=closed", 200, ("markets", [])),
        ("/markets?status=odd", 400, None),
        ("/orderbook/ETH-USD?depth=2", 200, ("pair", "ETH-USD")),
        ("/orderbook/ETH-USD?depth=99", 400, None),
        ("/orderbook/ETH", 404, None),
    ],
)
async def test_reading(api: httpx.AsyncClient, path: str, status: int, field: tuple[str, Any] | None) -> None:
    answer = await api.get(path)
    assert answer.status_code == status
    if field:
        assert answer.json()[field[0]] == field[1]
    else:
        assert answer.json()["error"]


async def test_a_trade_moves_balances_and_its_repetition_does_not(api: httpx.AsyncClient) -> None:
    first = await api.post("/trades", json=ORDER, headers={"Idempotency-Key": "k"})
    again = await api.post("/trades", json=ORDER, headers={"Idempotency-Key": "k"})
    assert (first.status_code, first.json()["total"]) == (201, 3521.4)
    assert first.json() == again.json()
    held = {each["symbol"]: each["amount"] for each in (await api.get("/portfolio/user123")).json()["holdings"]}
    assert held["ETH"] == 3


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"amount": None}, 400),
        ({"amount": "1"}, 400),
        ({"amount": -1}, 400),
        ({"side": "hold"}, 400),
        ({"symbol": "NONE"}, 404),
        ({"userId": "nobody"}, 404),
        ({"amount": 1e6}, 409),
        ({"type": "limit"}, 400),
        ({"type": "limit", "limitPrice": 9999}, 409),
        ({"type": "limit", "limitPrice": 3000}, 201),
    ],
)
async def test_orders(api: httpx.AsyncClient, change: dict[str, Any], status: int) -> None:
    assert (await api.post("/trades", json=ORDER | change)).status_code == status


@pytest.mark.parametrize("body", [b"{", b"[]"])
async def test_a_body_that_is_no_order(api: httpx.AsyncClient, body: bytes) -> None:
    assert (await api.post("/trades", content=body)).status_code == 400


async def test_a_wrong_key_is_refused(api: httpx.AsyncClient) -> None:
    assert (await api.get("/prices/ETH", headers={"X-Api-Key": "wrong"})).status_code == 401


async def test_the_log_shows_what_ran_side_by_side(api: httpx.AsyncClient, tmp_path: Path) -> None:
    await asyncio.gather(api.get("/prices/ETH?currency=USD"), api.get("/markets", headers={"Idempotency-Key": "k"}))
    entries = (await api.get("/_log")).json()
    assert [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()] == entries
    assert {(entry["path"], entry["status"], entry["idempotency_key"]) for entry in entries} == {
        ("/prices/ETH", 200, None),
        ("/markets", 200, "k"),
    }
    assert max(entry["started"] for entry in entries) < min(entry["ended"] for entry in entries)
