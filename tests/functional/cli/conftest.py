"""A local stack as the command line finds it: an embedded AWS, and the file that says where it is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from attache.aws import Aws
from attache_cli.main import app
from attache_local.embedded_aws import EmbeddedAws
from attache_local.stacks import TEMPLATES, deploy_stacks


@dataclass(frozen=True)
class Stack:
    """The embedded AWS with the project's tables, and what a folder's `.attache/dev.json` says of it."""

    aws: Aws
    outputs: dict[str, str]
    dev: dict[str, object]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with new_stack(tmp_path_factory.mktemp("aws")) as stack:
        yield stack


@contextmanager
def new_stack(directory: Path) -> Iterator[Stack]:
    """One in which nobody has done anything yet."""
    with EmbeddedAws(directory) as embedded:
        access = embedded.access
        aws = Aws(access)
        outputs = asyncio.run(deploy_stacks(aws))
        reached = {name: getattr(access, name) for name in REACHED_BY}
        dev: dict[str, object] = {
            "url": "http://127.0.0.1:9",
            "app_key": "sk-dev",
            "apps": [],
            "aws": reached,
            "outputs": outputs,
        }
        yield Stack(aws, outputs, dev)


REACHED_BY = ("endpoint_url", "region", "access_key_id", "secret_access_key")


@pytest.fixture
def folder(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the local stack was started; commands are given in one below it."""
    (tmp_path / ".attache").mkdir()
    (tmp_path / ".attache" / "dev.json").write_text(json.dumps(stack.dev))
    below = tmp_path / "apps" / "shop"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    for name in ("no_proxy", "NO_PROXY"):  # a command changes these for its own process
        monkeypatch.setenv(name, "")
    return tmp_path


Attache = Callable[..., Result]


@pytest.fixture
def attache(folder: Path) -> Attache:
    """`attache("keys", "list", stdin="...")`"""

    def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(app, arguments, input=stdin, catch_exceptions=False)

    return run


@pytest.fixture
def stage(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A stage `tried`, in an account that is the usual one of this process."""
    name = "attache-tried"
    asyncio.run(stack.aws.call("cloudformation", "create_stack", StackName=name, TemplateBody=TEMPLATES[0].read_text()))
    reached = json.loads(json.dumps(stack.dev["aws"]))
    monkeypatch.setenv("AWS_ENDPOINT_URL", reached["endpoint_url"])
    monkeypatch.setenv("AWS_DEFAULT_REGION", reached["region"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "usual")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "usual")
    yield "tried"
    asyncio.run(stack.aws.call("cloudformation", "delete_stack", StackName=name))
