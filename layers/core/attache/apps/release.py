"""What is deployed, as an operator sees it, and where releases are kept, as an interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from attache.apps.app import App


@dataclass(frozen=True)
class Release:
    """The version of an app that is served. `deployed` is RFC 3339."""

    name: str
    title: str
    version: str
    deployed: str


class Releases(Protocol):
    """The store of compiled apps: bundles by version, and for each app a pointer to the one that is served."""

    async def current(self, name: str) -> Release | None:
        """The release that is served now. Raises Unavailable, as all of these do."""
        ...

    async def bundle(self, name: str, version: str) -> App | None:
        """A compiled app, None where there is none of that version."""
        ...

    async def all(self) -> list[Release]:
        """Every app's release, by name; one that was made a moment ago may be missing still."""
        ...

    async def publish(self, app: App, previous: Release | None) -> Release:
        """Store the bundle, then point to it if `previous` is still what is served. Raises Conflict if it is not."""
        ...

    async def withdraw(self, name: str) -> bool:
        """Remove the pointer, then the bundles; whether there was an app."""
        ...
