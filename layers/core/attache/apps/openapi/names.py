"""Tool names for the model: at most 64 of [a-zA-Z0-9_-], unique, and the same on every deploy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

MAX_NAME = 64
VALID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_NOT_A_WORD = re.compile(r"[^a-zA-Z0-9_-]+")


@dataclass(frozen=True)
class Wanted:
    """A tool that needs a name: the operator's `chosen` one, or one made of `words`; `identity` distinguishes it."""

    words: str
    identity: str
    chosen: str | None = None


def tool_names(wanted: Sequence[Wanted]) -> list[str]:
    """A name for each, in order. Chosen names are not changed, even if two are equal: callers check that."""
    plain = [each.chosen or plain_name(each.words) for each in wanted]
    counts = Counter(plain)
    return [
        name if each.chosen or (counts[name] == 1 and len(name) <= MAX_NAME) else with_hash(name, each.identity)
        for name, each in zip(plain, wanted, strict=True)
    ]


def plain_name(words: str) -> str:
    """`GET /prices/{symbol}` → `GET_prices_symbol`."""
    return _NOT_A_WORD.sub("_", words).strip("_") or "tool"


def with_hash(name: str, identity: str) -> str:
    """A name that nobody else has, the same on every deploy."""
    digest = sha256(identity.encode()).hexdigest()[:6]
    return f"{name[: MAX_NAME - len(digest) - 1]}_{digest}"
