"""The context of a turn: its app, that app's tools, the session's model, and the services that turns use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
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
from attache.turns.earlier import Earlier
from attache.turns.summaries import BLOCKS, Blocks
from attache.turns.tool_jobs import ToolJobs
from attache.usage.ledger import Ledger
from attache.usage.metered_models import MeteredModels
from attache.usage.usage import Spender, UsageSink


async def _nothing() -> str:
    return ""


@dataclass(frozen=True)
class TurnContext:
    """What a turn of an app needs beside its log.

    `model` is our id of the model that answers; `models` calls models on somebody's account.
    `settled` waits until usage and metrics are written. `windows`: None if the models have no known limit.
    `blocks`: when older turns are summarised. `earlier`: notes about earlier conversations, empty without any.
    """

    app: App
    toolset: Toolset
    models: Callable[[Spender], Models]
    model: str
    wakeups: Wakeups
    tool_jobs: ToolJobs
    blobs: Blobs
    settled: Callable[[], Awaitable[None]]
    windows: Windows | None = None
    meter: Meter = field(default_factory=NoMeter)
    blocks: Blocks = BLOCKS
    earlier: Callable[[], Awaitable[str]] = _nothing


@dataclass(frozen=True)
class TurnContexts:
    """Makes the contexts of turns from what all turns share. `tools` makes the toolset of an app.

    `own_keys`: clients' keys for model providers. `windows`: sizes of models' context windows.
    `blocks`: when older turns are summarised. `earlier`: notes about earlier conversations.
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

    async def of_session(self, head: Head) -> TurnContext:
        """The context of this session's turns. Raises NotFound if its app is gone."""
        return self.of(await self.apps.get(head.app or DEFAULT_APP), head)

    def of(self, app: App, head: Head) -> TurnContext:
        """The context of this session's turns in `app`."""
        ledger = Ledger(self.usage)
        note(app=app.name)

        def models(spender: Spender) -> Models:
            models: Models = MeteredModels(self.models, ledger, spender, self.clock.now)
            if self.own_keys is not None and spender.client_id is not None:
                models = OwnKeyModels(models, self.own_keys, spender.client_id)
            return FallbackModels(models, app.models.fallback)

        async def settled() -> None:
            await ledger.settled()
            self.meter.flush()

        return TurnContext(
            app,
            self.tools(app),
            models,
            _model(app, head),
            self.wakeups,
            self.tool_jobs,
            self.blobs,
            settled,
            windows=self.windows,
            meter=self.meter,
            blocks=self.blocks,
            earlier=partial(self._notes, head),
        )

    async def prefetch_key(self, app: App, head: Head | None, client_id: str | None) -> None:
        """Read the client's own provider key into its cache, for the turn that is about to begin."""
        if self.own_keys is not None and client_id is not None:
            await self.own_keys.of(client_id, _model(app, head))

    async def prefetch_notes(self, session_id: str, owner: str | None) -> None:
        """Read the notes about earlier conversations, for the turn that is about to begin. Never fails."""
        if self.earlier is not None:
            await self.earlier.prefetch(session_id, owner)

    async def _notes(self, head: Head) -> str:
        return await self.earlier.notes(head.session_id, head.owner) if self.earlier is not None else ""


def _model(app: App, head: Head | None) -> str:
    """The session's model, or the app's default if the app no longer allows it."""
    chosen = head.model if head else None
    return chosen if chosen and app.models.allows(chosen) else app.models.default
