"""Names of wallets."""

from __future__ import annotations

UNPROVEN = "This wallet must be proven: sign in at /api/wallet/nonce, and send the token as X-Wallet-Token."


def wallet_name(public_key: str) -> str:
    """The normalised name of a wallet: hex addresses are not case-sensitive."""
    return public_key.lower() if public_key[:2].lower() == "0x" else public_key
