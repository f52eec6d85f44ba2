"""Where the commands work, and what they say where they cannot."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.functional.cli.conftest import Attache, Stack

pytestmark = pytest.mark.aws
PROGRAM = str(Path(sys.executable).with_name("attache"))


def test_a_stage_is_found_by_the_outputs_of_its_stack(attache: Attache, stage: str) -> None:
    made = attache("keys", "create", "--app", "shop", "--label", "staged", "--stage", stage)
    assert "good on stage tried" in made.stderr
    assert [key["label"] for key in json.loads(attache("keys", "list", "--json", "--stage", stage).stdout)] == [
        "staged"
    ]
    assert "staged" not in attache("keys", "list").stdout, "the local stack is another place"


def test_a_stage_that_is_not_there(attache: Attache, stage: str) -> None:
    failed = attache("keys", "list", "--stage", "other")
    assert failed.exit_code == 1
    assert "There is no stack attache-other in this account and region" in failed.stderr


def test_no_credentials_are_one_line(attache: Attache) -> None:
    failed = attache("keys", "list", "--stage", "prod")
    assert failed.exit_code == 1
    assert failed.stderr.startswith("Error: Unable to locate credentials")
    assert failed.stderr.count("\n") == 1


def test_who_has_said_no_region_is_told_the_variable_that_is_read(
    attache: Attache, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "none"))
    failed = attache("keys", "list", "--stage", "prod")
    assert "specify a region" in failed.stderr
    [named] = re.findall(r"AWS_[A-Z_]*REGION", failed.stderr)
    monkeypatch.setenv(named, "eu-west-1")
    assert "region" not in attache("keys", "list", "--stage", "prod").stderr.partition("(")[0]


@pytest.mark.parametrize(
    ("dev_file", "why"),
    [
        (None, "There is no local stack in this folder"),
        ("{", "cannot be used"),
        ("{}", "cannot be used"),
    ],
)
def test_no_local_stack_says_how_to_start_one(attache: Attache, folder: Path, dev_file: str | None, why: str) -> None:
    path = folder / ".attache" / "dev.json"
    path.unlink() if dev_file is None else path.write_text(dev_file)
    failed = attache("keys", "list")
    assert failed.exit_code == 1
    assert why in failed.stderr
    assert "make dev" in failed.stderr


def test_a_local_stack_that_does_not_run(attache: Attache, folder: Path, stack: Stack) -> None:
    nowhere = {**json.loads(json.dumps(stack.dev["aws"])), "endpoint_url": "http://127.0.0.1:9"}
    (folder / ".attache" / "dev.json").write_text(json.dumps({**stack.dev, "aws": nowhere}))
    failed = attache("keys", "list")
    assert failed.exit_code == 1
    assert failed.stderr == (
        "Error: The local stack does not run: start it with `make dev`, or name a deployed stage with --stage.\n"
    )


def test_the_installed_program(folder: Path) -> None:
    made = attache_process("keys", "create", "--app", "shop")
    assert made.returncode == 0
    assert made.stdout.startswith("sk-")
    assert attache_process("keys", "revoke", made.stdout.strip()).returncode == 0
    assert attache_process("--version").stdout.startswith("attache 0.")
    assert attache_process("keys", "revoke").returncode == 2


def test_no_profile_or_proxy_of_the_machine_is_in_the_way(folder: Path) -> None:
    made = attache_process("keys", "create", "--app", "shop", AWS_PROFILE="gone", http_proxy="http://127.0.0.1:9")
    assert (made.returncode, made.stdout[:3]) == (0, "sk-")


def test_a_value_that_is_typed_does_not_show(folder: Path) -> None:
    master, terminal = pty.openpty()
    arguments = [PROGRAM, "secrets", "set", "--app", "shop", "TYPED"]
    with subprocess.Popen(
        arguments, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
    ) as process:
        os.close(terminal)
        shown = _until(master, b"Value of TYPED: ")  # the last blank comes when nothing shows any more
        os.write(master, b"hunter2\n")
        shown += _until(master, b"TYPED is set")
    os.close(master)
    assert process.returncode == 0
    assert b"TYPED is set" in shown
    assert b"hunter2" not in shown


def _until(master: int, text: bytes) -> bytes:
    shown, deadline = b"", time.monotonic() + 20
    while text not in shown and time.monotonic() < deadline:
        if select.select([master], [], [], 1)[0]:
            shown += os.read(master, 1024)
    return shown


def attache_process(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments], env={**os.environ, **environ}, capture_output=True, text=True, timeout=30, check=False
    )
