"""The secrets of apps and clients: write-only, and opened only for the request that needs one."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from attache.cache import TimedCache
from attache.clock import Clock
from attache.errors import BadInput, TooLarge
from attache.secrets.sealer import Place, Sealer
from attache.secrets.secret_store import Kept, Note, SecretStore

MOST_BYTES = 64 * 1024
OPEN_SECONDS = 30
ABSENT_SECONDS = 3  # who was told to set a secret tries again soon after
MOST_KEPT = 256
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,127}")


def app_scope(app: str) -> str:
    """The scope of an app's secrets, which the operator sets and every caller's tools use."""
    return f"app#{app}"


def client_scope(client_id: str) -> str:
    """The scope of a client's own secrets.

    It contains a hash: a client id gives access to its secrets, and CloudTrail records KMS's encryption context.
    """
    return f"client#{hashlib.sha256(client_id.encode()).hexdigest()}"


@dataclass(frozen=True)
class _Opened:
    value: SecretStr
    apps: tuple[str, ...] | None

    def serves(self, app: str | None) -> bool:
        return self.apps is None or app in self.apps


class Secrets:
    """Returns secrets in plain text to those who send them; everywhere else they are sealed."""

    def __init__(self, store: SecretStore, sealer: Sealer, clock: Clock) -> None:
        self._store = store
        self._sealer = sealer
        self._clock = clock
        self._open: TimedCache[Place, _Opened | None] = TimedCache(
            clock, OPEN_SECONDS, MOST_KEPT, absent=ABSENT_SECONDS
        )

    async def value(self, app: str, name: str, client_id: str | None = None) -> str | None:
        """The client's own secret of this name, else the app's, else None; at most 30 s old.

        Raises Unavailable, and CannotOpen if we may not use the key that it was sealed with.
        """
        own = await self.own(app, name, client_id) if client_id is not None else None
        return own if own is not None else await self._value(app, Place(app_scope(app), name))

    async def own(self, app: str | None, name: str, client_id: str) -> str | None:
        """The client's own secret, if it has one that this app may use (None is no app). Raises as `value`."""
        return await self._value(app, Place(client_scope(client_id), name))

    async def put(self, scope: str, name: str, value: SecretStr, note: Note | None = None) -> None:
        """Seal and store a value of at most 64 KB. Raises BadInput for an invalid name, TooLarge."""
        check(name, value)
        place = Place(scope, name)
        await self._store.write(place, Kept(await self._sealer.seal(value, place), note or Note()))
        self._open.drop(place)

    async def put_all(self, scope: str, values: Mapping[str, SecretStr], notes: Mapping[str, Note]) -> None:
        """Store several secrets, or none if one of them is refused. Raises as `put`."""
        for name, value in values.items():
            check(name, value)
        await asyncio.gather(*(self.put(scope, name, value, notes.get(name)) for name, value in values.items()))

    async def note(self, scope: str, name: str) -> Note | None:
        """What can be read of a secret without opening it; None if there is none."""
        kept = await self._store.read(Place(scope, name))
        return kept.note if kept else None

    async def delete(self, scope: str, name: str) -> bool:
        """Delete a secret; returns whether there was one."""
        place = Place(scope, name)
        deleted = await self._store.remove(place)
        self._open.drop(place)
        return deleted

    async def clear(self, scope: str) -> None:
        """Delete every secret in a scope."""
        await asyncio.gather(*(self.delete(scope, name) for name in await self.names(scope)))

    async def names(self, scope: str) -> list[str]:
        """The names of the secrets in a scope, sorted."""
        return await self._store.names(scope)

    async def _value(self, app: str | None, place: Place) -> str | None:
        opened = await self._opened(place)
        return opened.value.get_secret_value() if opened and opened.serves(app) else None

    async def _opened(self, place: Place) -> _Opened | None:
        if remembered := self._open.get(place):
            return remembered.value
        asked = self._clock.now()
        opened = await self._read(place)
        self._open.put(place, opened, asked)
        return opened

    async def _read(self, place: Place) -> _Opened | None:
        kept = await self._store.read(place)
        return _Opened(await self._sealer.open(kept.sealed, place), kept.note.apps) if kept else None


def check(name: str, value: SecretStr) -> None:
    """Raises BadInput, TooLarge if this cannot be stored."""
    size = len(value.get_secret_value().encode())
    if not _NAME.fullmatch(name):
        raise BadInput(
            "The name of a secret is at most 128 of A-Z a-z 0-9 _ . : - and begins with none of the last three."
        )
    if not size:
        raise BadInput(f"The value of {name} is empty; to remove a secret, delete it.")
    if size > MOST_BYTES:
        raise TooLarge(f"The value of {name} is {size:,} bytes; at most {MOST_BYTES:,} are kept.")
