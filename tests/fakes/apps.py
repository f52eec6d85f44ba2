"""Apps in memory."""

from __future__ import annotations

from attache.apps.app import App
from attache.errors import NotFound


class FakeApps:
    """The Apps of a test; `deployed` may be changed while it runs."""

    def __init__(self, *apps: App) -> None:
        self.deployed = {app.name: app for app in apps}

    async def get(self, name: str) -> App:
        if name not in self.deployed:
            raise NotFound(f"There is no app {name!r}.")
        return self.deployed[name]

    async def names(self) -> list[tuple[str, str]]:
        return sorted((app.name, app.title) for app in self.deployed.values())
