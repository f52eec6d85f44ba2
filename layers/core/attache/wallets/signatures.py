"""Who signed what, as an interface."""

from __future__ import annotations

from typing import Protocol


class Signatures(Protocol):
    """Ethereum's addresses and signatures. Both methods compute, and take milliseconds."""

    def address(self, text: str) -> str:
        """The address with its checksum. Raises BadInput for what is none, or has a wrong checksum."""
        ...

    def signer(self, message: str, signature: bytes) -> str | None:
        """The address whose key made this signature of 65 bytes over the message (ERC-191); None where none did."""
        ...
