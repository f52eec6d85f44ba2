"""Secrets of tools, in memory."""

from __future__ import annotations

from collections.abc import Mapping


class FakeSecretSource:
    """The SecretSource of a test: values by (app, name), those of clients by (client id, name)."""

    def __init__(
        self, values: Mapping[tuple[str, str], str] | None = None, clients: Mapping[tuple[str, str], str] | None = None
    ) -> None:
        self.values = dict(values or {})
        self.clients = dict(clients or {})

    async def value(self, app: str, name: str, client_id: str | None = None) -> str | None:
        own = await self.own(app, name, client_id) if client_id is not None else None
        return own if own is not None else self.values.get((app, name))

    async def own(self, app: str, name: str, client_id: str) -> str | None:
        return self.clients.get((client_id, name))
