"""Deployed apps as operators see them, and their storage as an interface."""

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
    """Stores compiled apps: bundles by version and, for each app, a pointer to the one that is served."""

    async def current(self, name: str) -> Release | None:
        """The release that is served now, or None. Raises Unavailable, as all of these do."""
        ...

    async def bundle(self, name: str, version: str) -> App | None:
        """A compiled app; None if there is none of that version."""
        ...

    async def all(self) -> list[Release]:
        """Every app's release, by name; a very recent one may be missing."""
        ...

    async def publish(self, app: App, previous: Release | None) -> Release:
        """Store the bundle, then point to it if `previous` is still what is served; else raise Conflict."""
        ...

    async def withdraw(self, name: str) -> bool:
        """Remove the pointer, then the bundles; returns whether there was an app."""
        ...
