"""Finding apps, as an interface."""

from __future__ import annotations

from typing import Protocol

from attache.apps.app import App

DEFAULT_APP = "default"


class Apps(Protocol):
    """The deployed apps."""

    async def get(self, name: str) -> App:
        """The current version of the app. Raises NotFound; Unavailable if the store does not answer."""
        ...

    async def names(self) -> list[tuple[str, str]]:
        """(name, title) of every app, sorted by name."""
        ...
