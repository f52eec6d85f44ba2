"""Importing a module does nothing but import it, and modules import only what they may."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "attache": ROOT / "layers/core/attache",
    "functions": ROOT / "functions",
    "attache_cli": ROOT / "infra/attache_cli",
    "attache_local": ROOT / "infra/attache_local",
    "attache_openapi": ROOT / "infra/attache_openapi",
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

OURS = ("attache", "attache_cli", "attache_local", "attache_openapi", "functions", "example_api")
os.environ.__class__ = NoVariables
sys.addaudithook(no_network)
"""
NO_LITELLM = """
import sys

class NoModelLibrary:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("litellm", "openai", "tiktoken"):
            raise ModuleNotFoundError(f"{name} is in the llm layer, which this function does not have")

sys.meta_path.insert(0, NoModelLibrary())
"""

# Mangum asks for a loop before it makes one, which Python 3.12 and later deprecate
WARNINGS = "error,ignore:There is no current event loop:DeprecationWarning"
DEPLOYED = """
import os

for name in ("SESSIONS_TABLE", "REGISTRY_TABLE", "DATA_BUCKET", "SECRETS_KEY", "TURNS_QUEUE_URL"):
    os.environ[f"ATTACHE_{name}"] = "nothing-is-called"
"""
EVENT = {
    "resource": "/{proxy+}",
    "path": "/api/no-such-thing",
    "httpMethod": "GET",
    "headers": {},
    "multiValueHeaders": {},
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "requestContext": {"stage": "dev", "requestId": "r", "identity": {"sourceIp": "127.0.0.1"}},
    "body": None,
    "isBase64Encoded": False,
}

CONTEXT = (
    "import types; context = types.SimpleNamespace(aws_request_id='r', get_remaining_time_in_millis=lambda: 60_000)"
)
MESSAGE = {"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": "{}", "attributes": {}}]}


def modules() -> list[str]:
    return [
        ".".join((name, *path.relative_to(folder).with_suffix("").parts)).removesuffix(".__init__")
        for name, folder in PACKAGES.items()
        for path in sorted(folder.rglob("*.py"))
        if path.name != "__main__.py"
    ]


def run(program: str) -> subprocess.CompletedProcess[str]:
    """Run it in a new interpreter without any variable but the path to a temporary folder."""
    bare = {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": WARNINGS}
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


@pytest.mark.parametrize("name", ["state", "sessions", "control", "interrupt"])
def test_a_buffered_function_answers_without_the_model_library(name: str) -> None:
    ran = run(f"{NO_LITELLM}{DEPLOYED}\nfrom functions.{name}.handler import handler\nprint(handler({EVENT!r}, None))")
    assert "'statusCode': 404" in ran.stdout, ran.stderr


def test_the_updates_function_starts_without_the_model_library() -> None:
    ran = run(f"{NO_LITELLM}{DEPLOYED}\nfrom functions.updates.handler import application\napplication()")
    assert ran.returncode == 0, ran.stderr


def test_the_tool_worker_runs_without_the_model_library() -> None:
    asked = f"from functions.tools.handler import handler\n{CONTEXT}\nprint(handler({MESSAGE!r}, context))"
    ran = run(f"{NO_LITELLM}{DEPLOYED}\n{asked}")
    assert "batchItemFailures" in ran.stdout, ran.stderr


@pytest.mark.parametrize("name", ["state", "sessions", "control", "interrupt"])
def test_a_function_that_says_nothing_never_imports_what_it_would_say_it_with(name: str) -> None:
    asked = f"from functions.{name}.handler import handler\nhandler({EVENT!r}, None)\nimport sys"
    ran = run(
        f"{DEPLOYED}\n{asked}\nprint([name for name in sys.modules if name.startswith(('aws_lambda', 'aws_xray'))])"
    )
    assert ran.stdout == "[]\n", ran.stderr


def test_the_model_library_really_is_hidden() -> None:
    assert "is in the llm layer" in run(f"{NO_LITELLM}\nimport litellm").stderr


def test_import_contracts_hold() -> None:
    ran = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
