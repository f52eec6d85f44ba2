"""Storage of sealed secrets, as an interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from attache.secrets.sealer import Place, Sealed


@dataclass(frozen=True)
class Note:
    """What can be read of a secret without opening it. `apps`: the only ones that may use it, or None for any."""

    apps: tuple[str, ...] | None = None
    prefix: str = ""
    label: str | None = None


@dataclass(frozen=True)
class Kept:
    """A secret as it is stored."""

    sealed: Sealed
    note: Note = Note()


class SecretStore(Protocol):
    """Sealed values by place. Every method raises Unavailable if the store does not answer."""

    async def read(self, place: Place) -> Kept | None:
        """The current secret, or None."""
        ...

    async def write(self, place: Place, kept: Kept) -> None:
        """Store a secret, replacing an earlier one."""
        ...

    async def remove(self, place: Place) -> bool:
        """Remove a secret; returns whether there was one."""
        ...

    async def names(self, scope: str) -> list[str]:
        """The names of the secrets in a scope, sorted."""
        ...
