"""Importing a module does nothing but import it, and modules import only what they may."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIGHT = ("updates", "state", "sessions", "control", "interrupt", "tools")
PACKAGES = {
    "attache": ROOT / "layers/core/attache",
    "functions": ROOT / "functions",
    "attache_cli": ROOT / "infra/attache_cli",
    "attache_local": ROOT / "infra/attache_local",
    "example_api": ROOT / "infra/example_api",
}
GUARD = """
import os, sys

class NoVariables(type(os.environ)):
    def __getitem__(self, name):
        caller = sys._getframe(1)
        while caller.f_globals["__name__"] in ("os", "collections.abc", "_collections_abc"):
            caller = caller.f_back
        if caller.f_globals["__name__"].partition(".")[0] in OURS:
            raise AssertionError(f"{caller.f_globals['__name__']} reads the variable {name}")
        return super().__getitem__(name)

def no_network(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen"):
        raise AssertionError(f"{event} {arguments[1:]}")

OURS = ("attache", "attache_cli", "attache_local", "functions", "example_api")
os.environ.__class__ = NoVariables
sys.addaudithook(no_network)
"""
NO_LITELLM = """
class NoModelLibrary:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("litellm", "openai", "tiktoken"):
            raise ModuleNotFoundError(f"{name} is in the llm layer, which this function does not have")

sys.meta_path.insert(0, NoModelLibrary())
"""


def modules() -> list[str]:
    return [
        ".".join((name, *path.relative_to(folder).with_suffix("").parts)).removesuffix(".__init__")
        for name, folder in PACKAGES.items()
        for path in sorted(folder.rglob("*.py"))
        if path.name != "__main__.py"
    ]


def run(program: str) -> subprocess.CompletedProcess[str]:
    """Run it in a new interpreter without any variable but the path to a temporary folder."""
    bare = {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "error"}
    return subprocess.run(
        [sys.executable, "-c", program], env=bare, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_every_module_imports_without_environment_or_network() -> None:
    ran = run(f"{GUARD}\nimport importlib\nfor name in {modules()!r}:\n    importlib.import_module(name)\n")
    assert ran.returncode == 0, ran.stderr


def test_the_guard_sees_a_module_that_reads_a_variable() -> None:
    ran = run(f"{GUARD}\nexec(\"import os; os.environ.get('HOME')\", {{'__name__': 'attache.sinner'}})")
    assert "attache.sinner reads the variable HOME" in ran.stderr


def test_the_guard_sees_a_connection() -> None:
    ran = run(f"{GUARD}\nimport socket\nsocket.create_connection(('127.0.0.1', 9))")
    assert "AssertionError" in ran.stderr


@pytest.mark.parametrize("name", LIGHT)
def test_a_light_function_does_without_the_model_library(name: str) -> None:
    handler = f"functions.{name}.handler"
    ran = run(f"{GUARD}{NO_LITELLM}\nimport importlib\nimportlib.import_module({handler!r})\nimport attache.wiring")
    assert ran.returncode == 0, ran.stderr


def test_import_contracts_hold() -> None:
    ran = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
