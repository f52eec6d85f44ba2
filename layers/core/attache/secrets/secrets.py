"""The secrets of apps and of clients: write-only, opened only for the request that needs one."""

from __future__ import annotations

import re

from pydantic import SecretStr

from attache.cache import TimedCache
from attache.clock import Clock
from attache.errors import BadInput, TooLarge
from attache.secrets.sealer import Place, Sealer
from attache.secrets.secret_store import SecretStore

MOST_BYTES = 64 * 1024
OPEN_SECONDS = 30
ABSENT_SECONDS = 3  # who was told to set a secret tries again soon after
MOST_KEPT = 256
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,127}")


def app_scope(app: str) -> str:
    """Secrets that the operator gave an app; they serve each of its callers."""
    return f"app#{app}"


def client_scope(client_id: str) -> str:
    """Secrets that a client gave for itself."""
    return f"client#{client_id}"


class Secrets:
    """Secrets in the clear for those who send them, sealed everywhere else."""

    def __init__(self, store: SecretStore, sealer: Sealer, clock: Clock) -> None:
        self._store = store
        self._sealer = sealer
        self._clock = clock
        self._open: TimedCache[Place, SecretStr] = TimedCache(clock, OPEN_SECONDS, MOST_KEPT)
        self._absent: TimedCache[Place, None] = TimedCache(clock, ABSENT_SECONDS, MOST_KEPT)

    async def value(self, app: str, name: str, client_id: str | None = None) -> str | None:
        """The client's own secret of this name, else the app's, else None; at most 30 s old.

        Raises Unavailable, and CannotOpen where it was sealed with a key that we may not use.
        """
        scopes = ([client_scope(client_id)] if client_id else []) + [app_scope(app)]
        for scope in scopes:
            if found := await self._value(Place(scope, name)):
                return found.get_secret_value()
        return None

    async def put(self, scope: str, name: str, value: SecretStr) -> None:
        """Seal and keep a value of at most 64 KB. Raises BadInput for a name that is none, TooLarge."""
        size = len(value.get_secret_value().encode())
        if not _NAME.fullmatch(name):
            raise BadInput(
                "The name of a secret is at most 128 of A-Z a-z 0-9 _ . : - and begins with none of the last three."
            )
        if not size:
            raise BadInput(f"The value of {name} is empty; to remove a secret, delete it.")
        if size > MOST_BYTES:
            raise TooLarge(f"The value of {name} is {size:,} bytes; at most {MOST_BYTES:,} are kept.")
        place = Place(scope, name)
        await self._store.write(place, await self._sealer.seal(value, place))
        self._open.drop(place)
        self._absent.drop(place)

    async def delete(self, scope: str, name: str) -> bool:
        """Whether there was something to delete."""
        place = Place(scope, name)
        deleted = await self._store.remove(place)
        self._open.drop(place)
        return deleted

    async def names(self, scope: str) -> list[str]:
        """The names of what is kept in a scope, sorted."""
        return await self._store.names(scope)

    async def _value(self, place: Place) -> SecretStr | None:
        if kept := self._open.get(place):
            return kept.value
        if self._absent.get(place):
            return None
        return await self._read(place)

    async def _read(self, place: Place) -> SecretStr | None:
        asked = self._clock.now()
        sealed = await self._store.read(place)
        if sealed is None:
            self._absent.put(place, None, asked)
            return None
        value = await self._sealer.open(sealed, place)
        self._open.put(place, value, asked)
        return value
