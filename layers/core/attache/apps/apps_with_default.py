"""The deployed apps, with or without the built-in app `default`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attache.apps.app import App, ModelChoice
from attache.apps.apps import DEFAULT_APP, Apps
from attache.errors import NotFound

Choose = Callable[[ModelChoice], Awaitable[ModelChoice]]


class AppsWithDefault:
    """The apps of `deployed` and the app `default`; `choose` may reorder the default app's models."""

    def __init__(self, deployed: Apps, default: App, choose: Choose) -> None:
        self._deployed = deployed
        self._default = default
        self._choose = choose

    async def get(self, name: str) -> App:
        if name != DEFAULT_APP:
            return await self._deployed.get(name)
        return self._default.model_copy(update={"models": await self._choose(self._default.models)})

    async def names(self) -> list[tuple[str, str]]:
        names = dict(await self._deployed.names())
        return sorted({**names, DEFAULT_APP: self._default.title}.items())


class AppsWithoutDefault:
    """The apps of `deployed` alone: the operator turned the app `default` off."""

    def __init__(self, deployed: Apps) -> None:
        self._deployed = deployed

    async def get(self, name: str) -> App:
        if name == DEFAULT_APP:
            raise NotFound("There is no app 'default' here: name another one with ?app=... and send its key.")
        return await self._deployed.get(name)

    async def names(self) -> list[tuple[str, str]]:
        return [(name, title) for name, title in await self._deployed.names() if name != DEFAULT_APP]
