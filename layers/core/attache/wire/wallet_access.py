"""Whose wallet it is, where that must be proven (contract, "Wallet proof")."""

from __future__ import annotations

from typing import Protocol

from attache.errors import Unauthenticated
from attache.wallets import UNPROVEN, wallet_name
from attache.wire.caller import Caller


class WalletTokens(Protocol):
    """Tokens as requests see them."""

    async def holder(self, token: str) -> str:
        """The name of the wallet that a token is proof of. Raises Unauthenticated."""
        ...


class WalletAccess:
    """Raises Unauthenticated where a token is bad or another wallet's: what is sent is checked, as a key is."""

    def __init__(self, tokens: WalletTokens, *, required: bool) -> None:
        self.required = required
        self._tokens = tokens

    async def proven(self, caller: Caller, wallet: str | None) -> bool:
        """Whether the caller has proven this wallet."""
        token = caller.wallet_token()
        if token is None or wallet is None:
            return False
        if await self._tokens.holder(token) != wallet_name(wallet):
            raise Unauthenticated(
                "This X-Wallet-Token is another wallet's: sign in with the one that public_key names."
            )
        return True

    async def needed(self, caller: Caller, wallet: str | None) -> bool:
        """The same; where a wallet must be proven, it has been."""
        proven = await self.proven(caller, wallet)
        if self.required and wallet is not None and not proven:
            raise Unauthenticated(UNPROVEN)
        return proven
