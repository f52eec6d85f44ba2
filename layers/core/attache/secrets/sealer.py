"""Sealing, as an interface: a stored secret can be opened only in the place it was sealed for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from attache.errors import AttacheError


@dataclass(frozen=True)
class Place:
    """Where a secret belongs: a scope (`app#mycoindex`, `client#<id>`) and its name there."""

    scope: str
    name: str


@dataclass(frozen=True)
class Sealed:
    """A sealed value: encrypted with AES-256-GCM under its own key, which is included, encrypted by the key service."""

    data_key: bytes
    nonce: bytes
    ciphertext: bytes


class CannotOpen(AttacheError):
    """The stored value was damaged or moved, or we may not use its key."""


class Sealer(Protocol):
    """Both methods raise Unavailable if the key service does not answer."""

    async def seal(self, value: SecretStr, place: Place) -> Sealed:
        """Encrypt the value, so that only `open` with the same place returns it."""
        ...

    async def open(self, sealed: Sealed, place: Place) -> SecretStr:
        """Decrypt a value that was sealed for this place. Raises CannotOpen."""
        ...
