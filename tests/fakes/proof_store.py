"""Nonces and wallet tokens in memory."""

from __future__ import annotations

from attache.wallets.proof_store import Granted, Issued


class FakeProofStore:
    """The ProofStore of a test. `reads` counts how often a token was looked up."""

    def __init__(self) -> None:
        self.nonces: dict[str, Issued] = {}
        self.tokens: dict[str, Granted] = {}
        self.reads = 0

    async def issue(self, issued: Issued) -> None:
        self.nonces[issued.nonce] = issued

    async def issued(self, nonce: str) -> Issued | None:
        return self.nonces.get(nonce)

    async def spend(self, nonce: str) -> bool:
        return self.nonces.pop(nonce, None) is not None

    async def grant(self, granted: Granted) -> None:
        self.tokens[granted.digest] = granted

    async def granted(self, digest: str) -> Granted | None:
        self.reads += 1
        return self.tokens.get(digest)
