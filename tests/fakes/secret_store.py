"""Sealed secrets in memory, and a sealer that only turns text round."""

from __future__ import annotations

from pydantic import SecretStr

from attache.secrets.sealer import CannotOpen, Place, Sealed
from attache.secrets.secret_store import Kept


class FakeSecretStore:
    """The SecretStore of a test; `reads` counts what was asked."""

    def __init__(self) -> None:
        self.kept: dict[Place, Kept] = {}
        self.reads = 0

    async def read(self, place: Place) -> Kept | None:
        self.reads += 1
        return self.kept.get(place)

    async def write(self, place: Place, kept: Kept) -> None:
        self.kept[place] = kept

    async def remove(self, place: Place) -> bool:
        return self.kept.pop(place, None) is not None

    async def names(self, scope: str) -> list[str]:
        return sorted(place.name for place in self.kept if place.scope == scope)


class FakeSealer:
    """Keeps the rule that a value opens only in its place."""

    async def seal(self, value: SecretStr, place: Place) -> Sealed:
        return Sealed(repr(place).encode(), b"", value.get_secret_value().encode()[::-1])

    async def open(self, sealed: Sealed, place: Place) -> SecretStr:
        if sealed.data_key != repr(place).encode():
            raise CannotOpen(f"The secret {place.name} cannot be opened.")
        return SecretStr(sealed.ciphertext[::-1].decode())
