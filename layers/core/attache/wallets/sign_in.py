"""The message that a wallet signs: Sign-In with Ethereum (EIP-4361), with our text and domain."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from attache.clock import rfc3339
from attache.errors import BadInput

STATEMENT = (
    "Sign in to show that this wallet is yours, so that your conversations can be listed by it. "
    "This sends no transaction and costs nothing."
)
CHAIN_ID = 1  # accounts sign the same on every chain
_AUTHORITY = re.compile(r"(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)
_NONCE = re.compile(r"^Nonce: ([A-Za-z0-9]{8,64})$", re.MULTILINE | re.ASCII)
_LOOPBACK = re.compile(r"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?", re.ASCII)


@dataclass(frozen=True)
class SignIn:
    """The contents of a message. `address` has its checksum (EIP-55); times are milliseconds since 1970."""

    domain: str
    address: str
    nonce: str
    issued: int
    expires: int

    @property
    def text(self) -> str:
        scheme = "http" if _LOOPBACK.fullmatch(self.domain) else "https"
        return (
            f"{self.domain} wants you to sign in with your Ethereum account:\n"
            f"{self.address}\n"
            f"\n"
            f"{STATEMENT}\n"
            f"\n"
            f"URI: {scheme}://{self.domain}\n"
            f"Version: 1\n"
            f"Chain ID: {CHAIN_ID}\n"
            f"Nonce: {self.nonce}\n"
            f"Issued At: {rfc3339(self.issued)}\n"
            f"Expiration Time: {rfc3339(self.expires)}"
        )


def domain_for(host: str, origin: str, ours: Sequence[str]) -> str:
    """The domain in the message.

    Wallets warn if it is not that of the page that asks (EIP-4361, "Wallet Implementer Guidelines"), which keeps other
    pages from asking in our name. So a page's `origin` is used only if the operator lists it in `ours`; else the first
    of `ours`, else the `host` that was called. Raises BadInput.
    """
    page = origin.lower().rpartition("://")[2]
    domain = page if page in ours else next(iter(ours), host.lower())
    if not _AUTHORITY.fullmatch(domain):
        raise BadInput("The Host header is missing or malformed.")
    return domain


def nonce_of(message: str) -> str | None:
    """The nonce in a message, whoever wrote it."""
    found = _NONCE.search(message)
    return found[1] if found else None


def digest_of(text: str) -> str:
    """A hash that is stored instead of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
