"""Wallets by name."""

from __future__ import annotations

UNPROVEN = "This wallet must be proven: sign in at /api/wallet/nonce, and send the token as X-Wallet-Token."


def wallet_name(public_key: str) -> str:
    """A wallet as sessions are listed by it: hex addresses are the same in either case."""
    return public_key.lower() if public_key[:2].lower() == "0x" else public_key
