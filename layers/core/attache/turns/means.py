"""Finding what a turn runs on: its app, that app's tools, the model of the session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from attache.apps.app import App
from attache.apps.apps import DEFAULT_APP, Apps
from attache.clock import Clock
from attache.models.fallback_models import FallbackModels
from attache.models.model import Models
from attache.models.own_keys import OwnKeyModels, OwnKeys
from attache.models.window import Windows
from attache.sessions.blobs import Blobs
from attache.sessions.head import Head
from attache.sessions.wakes import Wakeups
from attache.telemetry.about import note
from attache.telemetry.meter import Meter, NoMeter
from attache.tools.tool import Toolset
from attache.turns.asking import Means
from attache.turns.earlier import Earlier
from attache.turns.summaries import BLOCKS, Blocks
from attache.turns.tool_jobs import ToolJobs
from attache.usage.ledger import Ledger
from attache.usage.metered_models import MeteredModels
from attache.usage.usage import Spender, UsageSink


@dataclass(frozen=True)
class Workshop:
    """Everything that turns of all apps share. `tools` makes the tools that an app has of its own.

    `own_keys` are those that clients have for model providers. `windows` say what models can read at once,
    `blocks` when older turns are summarised. `earlier` knows of earlier conversations.
    """

    apps: Apps
    models: Models
    tools: Callable[[App], Toolset]
    usage: UsageSink
    wakeups: Wakeups
    tool_jobs: ToolJobs
    blobs: Blobs
    clock: Clock
    own_keys: OwnKeys | None = None
    windows: Windows | None = None
    meter: Meter = field(default_factory=NoMeter)
    blocks: Blocks = BLOCKS
    earlier: Earlier | None = None

    async def means(self, head: Head) -> Means:
        """What this session's turns run on. Raises NotFound where its app is gone."""
        return self.means_of(await self.apps.get(head.app or DEFAULT_APP), head)

    def means_of(self, app: App, head: Head) -> Means:
        """The same, with the app at hand."""
        ledger = Ledger(self.usage)
        note(app=app.name)

        def models(spender: Spender) -> Models:
            metered = MeteredModels(self.models, ledger, spender, self.clock.now)
            shared = FallbackModels(metered, app.models.fallback)
            if self.own_keys is None or spender.client_id is None:
                return shared
            return OwnKeyModels(shared, self.own_keys, spender.client_id)

        async def settled() -> None:
            await ledger.settled()
            self.meter.flush()

        return Means(
            app,
            self.tools(app),
            models,
            _model(app, head),
            self.wakeups,
            self.tool_jobs,
            self.blobs,
            settled,
            self.windows,
            self.meter,
            self.blocks,
            partial(self._notes, head),
        )

    async def foresee(self, app: App, head: Head | None, client_id: str | None) -> None:
        """Look for the own key that the turn will ask for, so that it is at hand then."""
        if self.own_keys is not None and client_id is not None:
            await self.own_keys.of(client_id, _model(app, head))

    async def foresee_notes(self, session_id: str, owner: str | None) -> None:
        """Read what the turn will be told of earlier conversations, so that it is at hand then. Never fails."""
        if self.earlier is not None:
            await self.earlier.foresee(session_id, owner)

    async def _notes(self, head: Head) -> str:
        return await self.earlier.notes(head.session_id, head.owner) if self.earlier is not None else ""


def _model(app: App, head: Head | None) -> str:
    """The session's model; one that the app no longer allows gives way to its default."""
    chosen = head.model if head else None
    return chosen if chosen and app.models.allows(chosen) else app.models.default
