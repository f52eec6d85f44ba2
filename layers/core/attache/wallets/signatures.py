"""Addresses and signatures, as an interface."""

from __future__ import annotations

from typing import Protocol


class Signatures(Protocol):
    """Ethereum's addresses and signatures. Both methods compute for milliseconds."""

    def address(self, text: str) -> str:
        """The address with its checksum. Raises BadInput if it is no address, or its checksum is wrong."""
        ...

    def signer(self, message: str, signature: bytes) -> str | None:
        """The address whose key made this 65-byte signature of the message (ERC-191); None if there is none."""
        ...
