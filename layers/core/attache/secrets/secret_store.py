"""Where sealed secrets are kept, as an interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from attache.secrets.sealer import Place, Sealed


@dataclass(frozen=True)
class Note:
    """What may be read of a secret without opening it. `apps`: those that alone may use it, None for any."""

    apps: tuple[str, ...] | None = None
    prefix: str = ""
    label: str | None = None


@dataclass(frozen=True)
class Kept:
    """A secret as it is stored."""

    sealed: Sealed
    note: Note = Note()


class SecretStore(Protocol):
    """Sealed values by place. Every method raises Unavailable where the store does not answer."""

    async def read(self, place: Place) -> Kept | None:
        """What is kept there now."""
        ...

    async def write(self, place: Place, kept: Kept) -> None:
        """Keep a value, instead of an earlier one if there is one."""
        ...

    async def remove(self, place: Place) -> bool:
        """Whether there was something to remove."""
        ...

    async def names(self, scope: str) -> list[str]:
        """What is kept in a scope, sorted."""
        ...
