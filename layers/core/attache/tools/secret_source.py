"""Where tools' secrets come from, as an interface."""

from __future__ import annotations

from typing import Protocol


class SecretSource(Protocol):
    """The secrets of apps and of their clients."""

    async def value(self, app: str, name: str, client_id: str | None = None) -> str | None:
        """The client's own secret of this name, else the app's, else None. Raises AttacheError."""
        ...

    async def own(self, app: str, name: str, client_id: str) -> str | None:
        """The client's own secret of this name, if it has one for this app. Raises AttacheError."""
        ...
