"""Storage of nonces and tokens, as an interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Issued:
    """A nonce that waits for its signature. `digest`: hash of the whole message; `expires` is in milliseconds."""

    nonce: str
    wallet: str
    digest: str
    expires: int


@dataclass(frozen=True)
class Granted:
    """A token, known by its hash only: its holder has proven `wallet`, until `expires` (milliseconds)."""

    digest: str
    wallet: str
    expires: int


class ProofStore(Protocol):
    """All reads are strongly consistent. Every method raises Unavailable if the storage does not answer."""

    async def issue(self, issued: Issued) -> None:
        """Store a new nonce."""
        ...

    async def issued(self, nonce: str) -> Issued | None:
        """A nonce that is not spent, or None; it may have expired."""
        ...

    async def spend(self, nonce: str) -> bool:
        """Remove the nonce; returns whether it was there. Of several concurrent calls, one gets True."""
        ...

    async def grant(self, granted: Granted) -> None:
        """Store a new token."""
        ...

    async def granted(self, digest: str) -> Granted | None:
        """A token, or None; it may have expired."""
        ...
