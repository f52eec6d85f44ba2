"""Releases in memory."""

from __future__ import annotations

from attache.apps.app import App
from attache.apps.release import Release
from attache.clock import Clock, rfc3339
from attache.errors import Conflict


class FakeReleases:
    """The Releases of a test; `reads` counts what was asked of it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pointers: dict[str, Release] = {}
        self._bundles: dict[tuple[str, str], App] = {}
        self.reads = 0

    async def current(self, name: str) -> Release | None:
        self.reads += 1
        return self._pointers.get(name)

    async def bundle(self, name: str, version: str) -> App | None:
        self.reads += 1
        return self._bundles.get((name, version))

    async def all(self) -> list[Release]:
        self.reads += 1
        return sorted(self._pointers.values(), key=lambda release: release.name)

    async def publish(self, app: App, previous: Release | None) -> Release:
        self._bundles[app.name, app.version] = app
        if self._pointers.get(app.name) != previous:
            raise Conflict(f"{app.name} was deployed meanwhile.")
        release = Release(app.name, app.title, app.version, rfc3339(self._clock.now()))
        self._pointers[app.name] = release
        return release

    async def withdraw(self, name: str) -> bool:
        self._bundles = {key: app for key, app in self._bundles.items() if key[0] != name}
        return self._pointers.pop(name, None) is not None
