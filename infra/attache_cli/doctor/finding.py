"""What a check found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from attache_cli.target import Target

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True)
class Finding:
    """`of`: what was checked. `do`: what to do about it; empty if all is well."""

    level: Level
    of: str
    said: str
    do: str = ""


@dataclass(frozen=True)
class Examined:
    """The deployment to check. `stage`: None is the local stack.

    `call`: also check what costs a model call, by a conversation with `app`, for which `key` is.
    """

    target: Target
    stage: str | None = None
    call: bool = False
    app: str = "default"
    key: str | None = None


Check = Callable[[Examined], Awaitable[list[Finding]]]


def ok(of: str, said: str) -> Finding:
    return Finding("ok", of, said)


def note(of: str, said: str, do: str = "") -> Finding:
    """Nothing is broken, but it may not be intended."""
    return Finding("note", of, said, do)


def wrong(of: str, said: str, do: str) -> Finding:
    """Something does not work, or will not when it is needed."""
    return Finding("wrong", of, said, do)
