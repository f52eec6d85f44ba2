"""What is done around a snapshot."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from attache.wire.snap_start import at_snapshots
from attache.wire.web_adapter_snapshots import AFTER, BEFORE, snapshot_routes
from attache.wire.web_app import web_app
from attache_local.ports import listen
from attache_local.serving import serving

ROOT = Path(__file__).resolve().parents[3]
# the runtime's module keeps what is registered, and calls it in that order
HOOKS = """
before, after = [], []
def register_before_snapshot(function, *arguments): before.append((function, arguments))
def register_after_restore(function, *arguments): after.append((function, arguments))
def run(hooks): [function(*arguments) for function, arguments in hooks]
"""
ROUND = """
import functions.{name}.handler, sys, snapshot_restore_py as hooks
from attache.wiring import services
assert not services.cache_info().currsize
hooks.run(hooks.before)
assert ("litellm" in sys.modules) is {calls_models}
assert services.cache_info().currsize
services().aws.client("dynamodb")
hooks.run(hooks.after)
assert not services().aws._clients
"""

# the same, as the Lambda Web Adapter does it
STREAMED_ROUND = """
import asyncio, random, sys, httpx
from functions.{name}.handler import application
from attache.wiring import services

async def run():
    transport = httpx.ASGITransport(application())
    async with httpx.AsyncClient(transport=transport, base_url="http://adapter") as adapter:
        assert "litellm" not in sys.modules
        assert (await adapter.post("/snapshot/before")).status_code == 200
        assert ("litellm" in sys.modules) is {calls_models}
        services().aws.client("dynamodb")
        snapshot, drawn = random.getstate(), set()
        for _ in range(2):
            random.setstate(snapshot)
            assert (await adapter.post("/snapshot/after")).status_code == 200
            drawn.add(random.random())
        assert len(drawn) == 2
        assert not services().aws._clients

asyncio.run(run())
"""


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("snapshot_restore_py")
    exec(HOOKS, module.__dict__)
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", module)
    return module


def test_copies_of_a_snapshot_do_not_draw_the_same_numbers(hooks: ModuleType) -> None:
    done: list[str] = []
    at_snapshots(lambda: done.append("before"), lambda: done.append("after"))
    hooks.run(hooks.before)
    snapshot = random.getstate()
    drawn = []
    for _ in range(2):
        random.setstate(snapshot)
        hooks.run(hooks.after)
        drawn.append(random.random())
    assert done == ["before", "after", "after"]
    assert drawn[0] != drawn[1]


def test_elsewhere_there_is_nobody_to_call_it() -> None:
    at_snapshots(lambda: pytest.fail("called"), lambda: pytest.fail("called"))


async def test_a_failure_of_ours_fails_the_snapshot() -> None:
    app = web_app([snapshot_routes(lambda: 1 / 0, lambda: None)])
    async with serving(app, listen(0)) as url, httpx.AsyncClient(base_url=url, trust_env=False) as adapter:
        assert (await adapter.post(BEFORE)).status_code == 500
        assert (await adapter.post(AFTER)).status_code == 200


@pytest.mark.parametrize("name", ["state", "sessions", "control", "interrupt", "turns", "tools", "documents"])
def test_a_function_is_wired_before_its_snapshot_and_calls_aws_anew_after_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "snapshot_restore_py.py").write_text(HOOKS)
    run(ROUND.format(name=name, calls_models=name in ("turns", "documents")), tmp_path)


@pytest.mark.parametrize("name", ["chat", "updates"])
def test_so_is_one_behind_the_adapter(name: str, tmp_path: Path) -> None:
    run(STREAMED_ROUND.format(name=name, calls_models=name == "chat"), tmp_path)


def run(program: str, path: Path) -> None:
    names = ("SESSIONS_TABLE", "REGISTRY_TABLE", "DATA_BUCKET", "SECRETS_KEY", "TURNS_QUEUE_URL")
    env = {f"ATTACHE_{variable}": "nothing-is-called" for variable in names}
    env |= {"PATH": os.defpath, "PYTHONPATH": str(path), "AWS_DEFAULT_REGION": "us-east-1"}
    env |= {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
