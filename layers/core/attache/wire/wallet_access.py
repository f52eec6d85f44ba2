"""Checking who owns a wallet, where that must be proven (contract, "Wallet proof")."""

from __future__ import annotations

from typing import Protocol

from attache.errors import Unauthenticated
from attache.wallets import UNPROVEN, wallet_name
from attache.wire.caller import Caller


class WalletTokens(Protocol):
    """Checks wallet tokens."""

    async def holder(self, token: str) -> str:
        """The wallet that a token proves, as a normalised name. Raises Unauthenticated."""
        ...


class WalletAccess:
    """Raises Unauthenticated if a token is invalid or another wallet's: a sent token is checked, like a key."""

    def __init__(self, tokens: WalletTokens, *, required: bool) -> None:
        self.required = required
        self._tokens = tokens

    async def proven(self, caller: Caller, wallet: str | None) -> bool:
        """Whether the caller has proven to own this wallet."""
        token = caller.wallet_token()
        if token is None or wallet is None:
            return False
        if await self._tokens.holder(token) != wallet_name(wallet):
            raise Unauthenticated(
                "This X-Wallet-Token is another wallet's: sign in with the one that public_key names."
            )
        return True

    async def needed(self, caller: Caller, wallet: str | None) -> bool:
        """As `proven`; raises Unauthenticated if the proof is required and missing."""
        proven = await self.proven(caller, wallet)
        if self.required and wallet is not None and not proven:
            raise Unauthenticated(UNPROVEN)
        return proven
