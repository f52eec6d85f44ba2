"""What is done around a snapshot."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from attache.wire.snap_start import at_snapshots

ROOT = Path(__file__).resolve().parents[3]
# the runtime's module keeps what is registered, and calls it in that order
HOOKS = """
before, after = [], []
def register_before_snapshot(function, *arguments): before.append((function, arguments))
def register_after_restore(function, *arguments): after.append((function, arguments))
def run(hooks): [function(*arguments) for function, arguments in hooks]
"""
ROUND = """
import functions.{name}.handler, snapshot_restore_py as hooks
from attache.wiring import services
assert not services.cache_info().currsize
hooks.run(hooks.before)
assert services.cache_info().currsize
services().aws.client("dynamodb")
hooks.run(hooks.after)
assert not services().aws._clients
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


@pytest.mark.parametrize("name", ["state", "sessions", "control", "interrupt", "turns", "tools"])
def test_a_function_is_wired_before_its_snapshot_and_calls_aws_anew_after_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "snapshot_restore_py.py").write_text(HOOKS)
    names = ("SESSIONS_TABLE", "REGISTRY_TABLE", "DATA_BUCKET", "SECRETS_KEY", "TURNS_QUEUE_URL")
    env = {f"ATTACHE_{variable}": "nothing-is-called" for variable in names}
    env |= {"PATH": os.defpath, "PYTHONPATH": str(tmp_path), "AWS_DEFAULT_REGION": "us-east-1"}
    env |= {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    ran = subprocess.run(
        [sys.executable, "-c", ROUND.format(name=name)], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
