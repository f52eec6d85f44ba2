"""Sealing, as an interface: what is stored of a secret can be opened only in the place it was sealed for."""

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
    """A sealed value: AES-256-GCM under a key of its own, which is here too, encrypted by the key service."""

    data_key: bytes
    nonce: bytes
    ciphertext: bytes


class CannotOpen(AttacheError):
    """What is stored was damaged or moved, or we may not use the key that it was sealed with."""


class Sealer(Protocol):
    """Both methods raise Unavailable where the key service does not answer."""

    async def seal(self, value: SecretStr, place: Place) -> Sealed:
        """The value, so that only `open` with the same place gets it back."""
        ...

    async def open(self, sealed: Sealed, place: Place) -> SecretStr:
        """The value that was sealed for this place. Raises CannotOpen."""
        ...
