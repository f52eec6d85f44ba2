"""The deployed apps as turns read them: pointers are cached for a minute, bundles for a day."""

from __future__ import annotations

from attache.apps.app import App
from attache.apps.release import Release, Releases
from attache.cache import TimedCache
from attache.clock import Clock
from attache.errors import NotFound

POINTER_SECONDS = 60
BUNDLE_SECONDS = 86_400  # a bundle never changes; after a day unused ones are forgotten
MOST_POINTERS = 256
MOST_BUNDLES = 64


class ReleasedApps:
    """`Apps` of a store of releases. A missing app is looked up again each time."""

    def __init__(self, releases: Releases, clock: Clock) -> None:
        self._releases = releases
        self._clock = clock
        self._pointers: TimedCache[str, Release] = TimedCache(clock, POINTER_SECONDS, MOST_POINTERS)
        self._bundles: TimedCache[tuple[str, str], App] = TimedCache(clock, BUNDLE_SECONDS, MOST_BUNDLES)
        self._names: TimedCache[None, list[tuple[str, str]]] = TimedCache(clock, POINTER_SECONDS, 1)

    async def get(self, name: str) -> App:
        """The app as it was deployed at most 60 s ago. Raises NotFound, Unavailable."""
        app = await self._bundle(await self._pointer(name))
        if app is None:  # withdrawn or deployed again since the pointer was read
            self._pointers.drop(name)
            app = await self._bundle(await self._pointer(name))
        if app is None:
            raise NotFound(f"There is no app {name!r}.")
        return app

    async def names(self) -> list[tuple[str, str]]:
        """(name, title) of every app, by name; at most 60 s old. Raises Unavailable."""
        if kept := self._names.get(None):
            return kept.value
        asked = self._clock.now()
        names = [(release.name, release.title) for release in await self._releases.all()]
        self._names.put(None, names, asked)
        return names

    async def _pointer(self, name: str) -> Release:
        if kept := self._pointers.get(name):
            return kept.value
        asked = self._clock.now()
        release = await self._releases.current(name)
        if release is None:
            raise NotFound(f"There is no app {name!r}.")
        self._pointers.put(name, release, asked)
        return release

    async def _bundle(self, release: Release) -> App | None:
        key = (release.name, release.version)
        if kept := self._bundles.get(key):
            return kept.value
        asked = self._clock.now()
        app = await self._releases.bundle(*key)
        if app is not None:
            self._bundles.put(key, app, asked)
        return app
