"""`attache keys`, on a local stack."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from attache.clock import Clock
from attache.errors import Unauthenticated
from attache.keys import Keys
from attache.keys.dynamo_keys import DynamoKeys
from tests.functional.cli.conftest import Attache, Stack

pytestmark = pytest.mark.aws


def listed(attache: Attache, label: str) -> list[dict[str, Any]]:
    return [key for key in json.loads(attache("keys", "list", "--json").stdout) if key["label"] == label]


def accepted(stack: Stack, key: str, app: str) -> bool:
    return asyncio.run(_accepted(Keys(DynamoKeys(stack.aws, stack.outputs["RegistryTable"]), Clock()), key, app))


async def _accepted(keys: Keys, key: str, app: str) -> bool:
    try:
        return await keys.authorize(key, app) is not None
    except Unauthenticated:
        return False
    finally:
        await keys.settle()


def test_a_key_is_shown_once_alone_on_stdout_and_works(attache: Attache, stack: Stack) -> None:
    made = attache("keys", "create", "--app", "shop", "--app", "shop-staging", "--label", "once", "--expires", "90d")
    key = made.stdout.removesuffix("\n")
    assert re.fullmatch(r"sk-[A-Za-z0-9_-]{43}", key)
    assert "not shown again" in made.stderr
    shown = attache("keys", "list").output + attache("keys", "list", "--json").output
    assert "once" in shown
    assert key not in shown
    [record] = listed(attache, "once")
    assert record["apps"] == ["shop", "shop-staging"]
    assert (record["status"], record["last_used"]) == ("active", None)
    assert record["expires"] > record["created"]
    assert accepted(stack, key, "shop-staging")
    assert listed(attache, "once")[0]["last_used"] > record["created"]


def test_a_revoked_key_is_refused_and_stays_listed(attache: Attache, stack: Stack) -> None:
    made = json.loads(attache("keys", "create", "--app", "shop", "--label", "revoked", "--json").stdout)
    revoked = attache("keys", "revoke", made["prefix"])
    assert (revoked.exit_code, revoked.stdout) == (0, "")
    assert f"Revoked {made['prefix']}… (revoked)" in revoked.stderr
    assert not accepted(stack, made["key"], "shop")
    assert [key["status"] for key in listed(attache, "revoked")] == ["revoked"]


def test_a_rotated_key_ends_after_the_overlap(attache: Attache, stack: Stack) -> None:
    old = json.loads(attache("keys", "create", "--app", "shop", "--label", "rotated", "--json").stdout)
    new = attache("keys", "rotate", old["id"][:12], "--overlap", "12h").stdout.strip()
    assert accepted(stack, old["key"], "shop")
    assert accepted(stack, new, "shop")
    before, after = listed(attache, "rotated")
    assert (before["id"], before["apps"]) == (old["id"], after["apps"])
    assert before["expires"] is not None
    assert after["expires"] is None


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("create", "--app", ""), "at least one app"),
        (("create", "--app", "shop", "--label", "\x1b[2J"), "printable"),
        (("revoke", "sk-0000000"), "no such key"),
        (("revoke", "sk"), "at least 8 characters"),
        (("rotate", "0" * 64), "no such key"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(
    attache: Attache, arguments: tuple[str, ...], why: str
) -> None:
    failed = attache("keys", *arguments)
    assert failed.exit_code == 1
    assert failed.stdout == ""
    assert why in failed.stderr
    assert failed.stderr.startswith("Error: ")
    assert failed.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("create",),
        ("create", "--app", "shop", "--expires", "soon"),
        ("rotate", "sk-00000000", "--overlap", "0h"),
        ("revoke",),
    ],
)
def test_wrong_usage_is_exit_code_2(attache: Attache, arguments: tuple[str, ...]) -> None:
    assert attache("keys", *arguments).exit_code == 2
