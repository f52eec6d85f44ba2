"""Where sealed secrets are kept, as an interface."""

from __future__ import annotations

from typing import Protocol

from attache.secrets.sealer import Place, Sealed


class SecretStore(Protocol):
    """Sealed values by place. Every method raises Unavailable where the store does not answer."""

    async def read(self, place: Place) -> Sealed | None:
        """What is kept there now."""
        ...

    async def write(self, place: Place, sealed: Sealed) -> None:
        """Keep a value, instead of an earlier one if there is one."""
        ...

    async def remove(self, place: Place) -> bool:
        """Whether there was something to remove."""
        ...

    async def names(self, scope: str) -> list[str]:
        """What is kept in a scope, sorted."""
        ...
