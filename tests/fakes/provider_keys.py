"""The operator's provider keys, in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from attache.errors import Unavailable


class FakeProviderKeyStore:
    """The ProviderKeyStore of a test. While it is `down`, nothing is answered; `reads` are the providers asked for."""

    def __init__(self, keys: Mapping[str, str] | None = None) -> None:
        self.keys = dict(keys or {})
        self.reads: list[str] = []
        self.down = False

    async def read(self, provider: str) -> str | None:
        self._answers()
        self.reads.append(provider)
        return self.keys.get(provider)

    async def present(self, providers: Collection[str]) -> frozenset[str]:
        self._answers()
        return frozenset(providers) & self.keys.keys()

    def _answers(self) -> None:
        if self.down:
            raise Unavailable("The store of provider keys does not answer.")
