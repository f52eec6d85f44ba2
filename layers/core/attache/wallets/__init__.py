"""Wallets: ownership is proven by signing a message of ours (EIP-4361)."""

from attache.wallets.proofs import Proofs
from attache.wallets.wallet import UNPROVEN, wallet_name

__all__ = ["UNPROVEN", "Proofs", "wallet_name"]
