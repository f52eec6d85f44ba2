"""An app key: `sk-` and 256 random bits, of which only the SHA-256 is ever stored."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from attache.errors import BadInput, NotFound

RANDOM_BYTES = 32
SHOWN = len("sk-") + 7  # 42 of 256 bits
LONGEST_LABEL = 100
_FORM = re.compile(r"sk-[A-Za-z0-9_-]{43}")
_SHORT_ID = 8


@dataclass(frozen=True)
class KeyRecord:
    """What is stored of a key. `id` is its SHA-256 in hex, `prefix` its first characters; times are milliseconds."""

    id: str
    apps: tuple[str, ...]
    label: str
    prefix: str
    created: int
    expires: int | None = None
    last_used: int | None = None
    revoked: int | None = None

    def status(self, now: int) -> Literal["active", "expired", "revoked"]:
        """The key's state at `now`; a revoked key stays `revoked` when it expires."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and now >= self.expires else "active"


@dataclass(frozen=True)
class IssuedKey:
    """A new key with its record: the only moment at which the key itself is known."""

    key: str
    record: KeyRecord

    def __repr__(self) -> str:
        return f"IssuedKey(record={self.record!r})"


def new_key(apps: Sequence[str], label: str, now: int, expires: int | None = None) -> IssuedKey:
    """Make a key. Raises BadInput if it would be valid for nothing, or its label is invalid."""
    if not apps or not all(apps):
        raise BadInput("A key needs at least one app.")
    if len(label) > LONGEST_LABEL or not label.isprintable():
        raise BadInput(f"A label is at most {LONGEST_LABEL} printable characters.")
    if expires is not None and expires <= now:
        raise BadInput("The key would have expired already.")
    key = f"sk-{secrets.token_urlsafe(RANDOM_BYTES)}"
    record = KeyRecord(key_id(key), tuple(dict.fromkeys(apps)), label, key[:SHOWN], created=now, expires=expires)
    return IssuedKey(key, record)


def looks_like_key(text: str) -> bool:
    """Whether `text` has the form of a key; anything else cannot be one of ours."""
    return _FORM.fullmatch(text) is not None


def key_id(key: str) -> str:
    """The SHA-256 of a key, in hex. No salt or stretching: 256 random bits cannot be guessed."""
    return hashlib.sha256(key.encode()).hexdigest()


def the_one(records: Sequence[KeyRecord], reference: str) -> KeyRecord:
    """The key that an operator means: by the key itself, its id, or the beginning of either, as `keys list` shows it.

    Raises NotFound if there is none, BadInput if there are several or the text is too short.
    """
    reference = reference.removesuffix("…")
    if looks_like_key(reference):
        found = [record for record in records if record.id == key_id(reference)]
    elif len(reference) < _SHORT_ID:
        raise BadInput(f"Give at least {_SHORT_ID} characters of the key or its id.")
    else:
        found = [record for record in records if record.id.startswith(reference) or record.prefix.startswith(reference)]
    if not found:
        raise NotFound("There is no such key.")
    if len(found) > 1:
        raise BadInput(f"{len(found)} keys begin like that; give more of the id.")
    return found[0]
