"""What clients store for themselves: secrets for an app's tools, and their own keys for model providers.

Both are secrets of a client id: a provider key is the secret `PROVIDER_KEY:<provider>`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from attache.errors import BadInput
from attache.secrets.secret_store import Note
from attache.secrets.secrets import Secrets, client_scope

PROVIDER_KEY = "PROVIDER_KEY:"
MOST_AT_ONCE = 50
MOST_SHOWN = 8  # characters of a key, and a quarter of it
LONGEST_LABEL = 100


@dataclass(frozen=True)
class ProviderKey:
    """What a client is shown of its own key for a provider."""

    provider: str
    key_prefix: str
    label: str | None = None
    is_active: bool = True


class ClientSecrets:
    """The secrets of clients. `providers` are those that a key may be for."""

    def __init__(self, secrets: Secrets, providers: Collection[str]) -> None:
        self._secrets = secrets
        self._providers = tuple(providers)

    async def put(
        self, client_id: str, values: Mapping[str, SecretStr], apps: tuple[str, ...] | None = None
    ) -> Mapping[str, str]:
        """Store all of them or none; returns the handle of each. Raises BadInput, TooLarge.

        Only `apps` may use them; None means any app that the client talks to. No app gets a provider's key.
        """
        if not 0 < len(values) <= MOST_AT_ONCE:
            raise BadInput(f"Send between one and {MOST_AT_ONCE} secrets at once.")
        kept = dict(self._named(name, value) for name, value in values.items())
        notes = {name: _note(name, value, apps) for name, value in kept.items()}
        await self._secrets.put_all(client_scope(client_id), kept, notes)
        return {name: f"$SECRET:{name}" for name in values}

    async def delete(self, client_id: str, name: str) -> bool:
        """Delete a secret; returns whether there was one."""
        return await self._secrets.delete(client_scope(client_id), _normal(name))

    async def clear(self, client_id: str) -> None:
        """Delete everything that the client stored, including its provider keys."""
        await self._secrets.clear(client_scope(client_id))

    async def put_key(self, client_id: str, provider: str, key: SecretStr, label: str | None) -> ProviderKey:
        """Store a key for a provider, replacing an earlier one. Raises BadInput, TooLarge."""
        if label is not None and len(label) > LONGEST_LABEL:
            raise BadInput(f"A label has at most {LONGEST_LABEL} characters.")
        name, value = self._named(PROVIDER_KEY + provider, key)
        prefix = _prefix(value)
        await self._secrets.put(client_scope(client_id), name, value, Note(prefix=prefix, label=label))
        return ProviderKey(name.removeprefix(PROVIDER_KEY), prefix, label)

    async def provider_key(self, client_id: str, provider: str) -> str | None:
        """The key itself, for the request to the provider. Raises as `Secrets.value`."""
        return await self._secrets.own(None, PROVIDER_KEY + provider, client_id)

    async def keys(self, client_id: str) -> Sequence[ProviderKey]:
        """The client's keys, in the order of `providers`."""
        scope = client_scope(client_id)
        notes = await asyncio.gather(*(self._secrets.note(scope, PROVIDER_KEY + each) for each in self._providers))
        found = zip(self._providers, notes, strict=True)
        return [ProviderKey(provider, note.prefix, note.label) for provider, note in found if note is not None]

    async def delete_key(self, client_id: str, provider: str) -> bool:
        """Delete a key; returns whether there was one."""
        return await self.delete(client_id, PROVIDER_KEY + provider)

    def _named(self, name: str, value: SecretStr) -> tuple[str, SecretStr]:
        """The name and value to store. Raises BadInput for an invalid provider key."""
        name = _normal(name)
        if not name.startswith(PROVIDER_KEY):
            return name, value
        provider, key = name.removeprefix(PROVIDER_KEY), value.get_secret_value().strip()
        if provider not in self._providers:
            raise BadInput(f"There is no model provider {provider[:100]!r}; there are {', '.join(self._providers)}.")
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise BadInput(f"A key for {provider} is plain ASCII text without blanks.")
        return name, SecretStr(key)


def _normal(name: str) -> str:
    """Providers' names are not case-sensitive."""
    return PROVIDER_KEY + name.removeprefix(PROVIDER_KEY).strip().lower() if name.startswith(PROVIDER_KEY) else name


def _note(name: str, value: SecretStr, apps: tuple[str, ...] | None) -> Note:
    return Note(prefix=_prefix(value)) if name.startswith(PROVIDER_KEY) else Note(apps)


def _prefix(key: SecretStr) -> str:
    text = key.get_secret_value()
    return text[: min(MOST_SHOWN, len(text) // 4)]
