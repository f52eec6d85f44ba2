"""Secrets of tools, in memory."""

from __future__ import annotations

from collections.abc import Mapping


class FakeSecretSource:
    """The SecretSource of a test: values by (app, name)."""

    def __init__(self, values: Mapping[tuple[str, str], str] | None = None) -> None:
        self.values = dict(values or {})

    async def value(self, app: str, name: str, client_id: str | None = None) -> str | None:
        return self.values.get((app, name))
