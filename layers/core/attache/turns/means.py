"""Finding what a turn runs on: its app, that app's tools, the model of the session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attache.apps.app import App
from attache.apps.apps import DEFAULT_APP, Apps
from attache.clock import Clock
from attache.models.fallback_models import FallbackModels
from attache.models.model import Models
from attache.sessions.blobs import Blobs
from attache.sessions.head import Head
from attache.sessions.wakes import Wakeups
from attache.tools.tool import Toolset
from attache.turns.asking import Means
from attache.usage.ledger import Ledger
from attache.usage.metered_models import MeteredModels
from attache.usage.usage import Spender, UsageSink


@dataclass(frozen=True)
class Workshop:
    """Everything that turns of all apps share. `tools` makes the tools that an app has of its own."""

    apps: Apps
    models: Models
    tools: Callable[[App], Toolset]
    usage: UsageSink
    wakeups: Wakeups
    blobs: Blobs
    clock: Clock

    async def means(self, head: Head) -> Means:
        """What this session's turns run on. Raises NotFound where its app is gone."""
        return self.means_of(await self.apps.get(head.app or DEFAULT_APP), head)

    def means_of(self, app: App, head: Head) -> Means:
        """The same, with the app at hand; a model that the app no longer allows gives way to its default."""
        model = head.model if head.model and app.models.allows(head.model) else app.models.default
        ledger = Ledger(self.usage)

        def models(spender: Spender) -> Models:
            metered = MeteredModels(self.models, ledger, spender, self.clock.now)
            return FallbackModels(metered, app.models.fallback)

        return Means(app, self.tools(app), models, model, self.wakeups, self.blobs, ledger.settled)
