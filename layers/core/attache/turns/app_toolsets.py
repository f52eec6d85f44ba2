"""An app's tools, assembled. Slow to import, so only functions that run turns or call tools import it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from attache.apps.app import App
from attache.clock import Clock
from attache.documents.search import DocumentSearch
from attache.documents.search_toolset import SearchToolset
from attache.secrets import Secrets
from attache.telemetry.meter import Meter
from attache.tools.general import GeneralTools
from attache.tools.guarded_network import GuardedNetwork
from attache.tools.http_exchange import Exchanges
from attache.tools.http_tool import HttpTool
from attache.tools.http_tools import HttpToolset
from attache.tools.timed_toolset import TimedToolset
from attache.tools.tool import Toolset
from attache.tools.toolsets import CombinedToolset, ConfirmedToolset, LaterToolset
from attache.tools.wallet_tools import WalletToolset


@dataclass(frozen=True)
class AppToolsets:
    """Makes the toolsets of apps; connections to their servers are kept open until `close`."""

    secrets: Secrets
    clock: Clock
    meter: Meter
    allow_loopback: bool
    documents: DocumentSearch | None = field(default=None, kw_only=True)

    def of(self, app: App) -> Toolset:
        """The app's operations (some deferred or asking for approval), its wallet and search tools, then ours."""
        http = self._http(app, app.tools)
        operations = LaterToolset(TimedToolset(http, self.meter), [tool.name for tool in app.tools if tool.later])
        confirmed = ConfirmedToolset(operations, [tool.name for tool in app.tools if tool.confirm], http.lacking)
        builtin = [GeneralTools(self.clock)] if "general" in app.builtin_tools else []
        return CombinedToolset(confirmed, WalletToolset(app.wallet_tools), *self._search(app), *builtin)

    def operations(self, app: App, tools: Sequence[HttpTool]) -> Toolset:
        """Operations of the app that run at once: nothing is deferred or asks for approval."""
        return TimedToolset(self._http(app, tools), self.meter)

    def _http(self, app: App, tools: Sequence[HttpTool]) -> HttpToolset:
        return HttpToolset(tools, self.secrets, self._exchanges, [secret.name for secret in app.secrets])

    def _search(self, app: App) -> Sequence[Toolset]:
        if app.documents is None or self.documents is None:
            return ()
        return (TimedToolset(SearchToolset(app.documents, self.documents), self.meter),)

    async def close(self) -> None:
        """Close the connections that are kept open."""
        if "_exchanges" in self.__dict__:
            await self._exchanges.close()

    @cached_property
    def _exchanges(self) -> Exchanges:
        return Exchanges(GuardedNetwork(allow_loopback=self.allow_loopback))
