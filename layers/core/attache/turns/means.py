"""Finding what a turn runs on: its app, that app's tools, the model of the session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attache.apps.app import App
from attache.apps.apps import DEFAULT_APP, Apps
from attache.clock import Clock
from attache.models.model import Models
from attache.sessions.head import Head
from attache.sessions.wakes import Wakeups
from attache.tools.tool import Toolset
from attache.turns.asking import Means
from attache.usage.usage import Usage


@dataclass(frozen=True)
class Workshop:
    """Everything that turns of all apps share. `models` and `tools` make what an app has of its own."""

    apps: Apps
    models: Callable[[App], Models]
    tools: Callable[[App], Toolset]
    usage: Usage
    wakeups: Wakeups
    clock: Clock

    async def means(self, head: Head) -> Means:
        """What this session's turns run on. Raises NotFound where its app is gone."""
        return self.means_of(await self.apps.get(head.app or DEFAULT_APP), head)

    def means_of(self, app: App, head: Head) -> Means:
        """The same, with the app at hand; a model that the app no longer allows gives way to its default."""
        model = head.model if head.model and app.models.allows(head.model) else app.models.default
        return Means(app, self.tools(app), self.models(app), model, self.usage, self.wakeups, self.clock)
