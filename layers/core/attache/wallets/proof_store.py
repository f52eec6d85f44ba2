"""Where nonces and tokens are kept, as an interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Issued:
    """A nonce that waits for its signature. `digest` is that of the whole message; `expires` is in milliseconds."""

    nonce: str
    wallet: str
    digest: str
    expires: int


@dataclass(frozen=True)
class Granted:
    """A token, known by its digest only: who has it has proven `wallet`, until `expires` (milliseconds)."""

    digest: str
    wallet: str
    expires: int


class ProofStore(Protocol):
    """All reads are strongly consistent. Every method raises Unavailable where the storage does not answer."""

    async def issue(self, issued: Issued) -> None:
        """Keep a new nonce."""
        ...

    async def issued(self, nonce: str) -> Issued | None:
        """A nonce that is not spent; it may have expired."""
        ...

    async def spend(self, nonce: str) -> bool:
        """Remove the nonce. Whether it was there: of any number who spend one at once, one does."""
        ...

    async def grant(self, granted: Granted) -> None:
        """Keep a new token."""
        ...

    async def granted(self, digest: str) -> Granted | None:
        """A token; it may have expired."""
        ...
