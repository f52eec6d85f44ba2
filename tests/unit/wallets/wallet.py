"""A wallet that signs, as a user's does: by another library than ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct


@dataclass(frozen=True)
class Wallet:
    """An account with a key of its own, made at random."""

    account: Any = field(default_factory=Account.create)

    @property
    def address(self) -> str:
        """With its checksum."""
        return str(self.account.address)

    def sign(self, message: str) -> str:
        """The signature of `personal_sign`: 0x and 130 digits."""
        return f"0x{bytes(self.account.sign_message(encode_defunct(text=message)).signature).hex()}"
