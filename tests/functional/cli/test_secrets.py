"""`attache secrets`, on a local stack."""

from __future__ import annotations

import asyncio
import json

import pytest

from attache.clock import Clock
from attache.secrets import Secrets
from attache.secrets.dynamo_secrets import DynamoSecrets
from attache.secrets.kms_sealer import KmsSealer
from tests.functional.cli.conftest import Attache, Stack

pytestmark = pytest.mark.aws


def opened(stack: Stack, app: str, name: str) -> str | None:
    table, key = stack.outputs["RegistryTable"], stack.outputs["SecretsKey"]
    secrets = Secrets(DynamoSecrets(stack.aws, table, Clock()), KmsSealer(stack.aws, key), Clock())
    return asyncio.run(secrets.value(app, name))


def names(attache: Attache, app: str) -> list[str]:
    return [secret["name"] for secret in json.loads(attache("secrets", "list", "--app", app, "--json").stdout)]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("hunter2\n", "hunter2"),
        ("hunter2", "hunter2"),
        ("hunter2\r\n", "hunter2"),
        (" two\nlines \n\n", " two\nlines \n"),
        ("ключ 🔑\n", "ключ 🔑"),
    ],
)
def test_a_value_comes_from_standard_input_and_shows_nowhere(
    attache: Attache, stack: Stack, given: str, kept: str
) -> None:
    done = attache("secrets", "set", "--app", "shop", "API_KEY", stdin=given)
    assert (done.exit_code, done.stdout) == (0, "")
    assert "API_KEY is set for the app shop on the local stack" in done.stderr
    assert kept not in done.output
    assert opened(stack, "shop", "API_KEY") == kept


def test_names_are_listed_and_deleted(attache: Attache, stack: Stack) -> None:
    for name in ("B", "A"):
        attache("secrets", "set", "--app", "listed", name, stdin="x")
    assert names(attache, "listed") == ["A", "B"]
    assert attache("secrets", "delete", "--app", "listed", "A").exit_code == 0
    assert names(attache, "listed") == ["B"]
    assert opened(stack, "listed", "A") is None
    again = attache("secrets", "delete", "--app", "listed", "A")
    assert (again.exit_code, again.stderr) == (1, "Error: The app listed has no secret A.\n")


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("API_KEY", b"", "is empty"),
        ("API_KEY", b"\n", "is empty"),
        ("API_KEY", b"\xff\xfe", "not UTF-8"),
        ("API_KEY", b"x" * 65_537, "65,537 bytes"),
        ("API KEY", b"x", "name of a secret"),
    ],
)
def test_what_cannot_be_kept_is_refused(attache: Attache, name: str, value: bytes, why: str) -> None:
    refused = attache("secrets", "set", "--app", "refused", name, stdin=value)
    assert refused.exit_code == 1
    assert why in refused.stderr
    assert names(attache, "refused") == []
