"""How to reach each provider: its key and its API's address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from attache.models.catalogue import ModelEntry

KEY = "_API_KEY"
BASES = ("_API_BASE", "_BASE_URL")
DEMO_KEY = "demo"


@dataclass(frozen=True)
class Access:
    """How a model is reached: LiteLLM's route, the key, and the API's address if it is not the provider's own.

    `demo`: the demo model answers, which has no price.
    """

    route: str
    api_key: str | None = field(repr=False)
    api_base: str | None = None
    demo: bool = False

    @property
    def provider(self) -> str:
        """The wire format, as LiteLLM names its provider."""
        return self.route.partition("/")[0]


class KeptKeys(Protocol):
    """The operator's keys that are not in the environment."""

    async def of(self, provider: str) -> str | None:
        """The provider's key, or None. Raises Unavailable."""
        ...

    async def other_than(self, provider: str, refused: str) -> str | None:
        """The current key, if it is not the one that the provider refused; else None. Raises Unavailable."""
        ...


@dataclass(frozen=True)
class ProviderAccess:
    """Keys and addresses by provider, from LiteLLM's own variables (`ANTHROPIC_API_KEY`, `OPENAI_API_BASE`...).

    `demo_url`: an OpenAI-compatible API that replaces every provider without a key. `kept`: keys of providers that the
    variables give none for.
    """

    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    bases: Mapping[str, str] = field(default_factory=dict)
    demo_url: str | None = None
    kept: KeptKeys | None = None

    @classmethod
    def from_environ(
        cls, environ: Mapping[str, str], demo_url: str | None = None, kept: KeptKeys | None = None
    ) -> ProviderAccess:
        """Read an environment; an empty variable counts as missing."""
        given = {name: value.strip() for name, value in environ.items() if value.strip()}
        bases = {_provider(name, end): given[name] for end in reversed(BASES) for name in given if name.endswith(end)}
        keys = {_provider(name, KEY): given[name] for name in given if name.endswith(KEY)}
        return cls(keys, bases, demo_url, kept)

    async def to(self, entry: ModelEntry, own_key: str | None = None) -> Access:
        """The access to a model, with the user's own key if there is one; `api_key` is None if there is no key.

        Raises Unavailable.
        """
        key = own_key or self.keys.get(entry.provider)
        if key is None and self.kept is not None:
            key = await self.kept.of(entry.provider)
        if key is None and self.demo_url:
            return Access(f"openai/{entry.id}", DEMO_KEY, self.demo_url, demo=True)
        return Access(entry.route, key, self.bases.get(entry.provider))

    async def again(self, entry: ModelEntry, refused: Access) -> Access | None:
        """The access with a key that was set meanwhile, after the provider refused the one in `access`; else None.

        Raises Unavailable.
        """
        if self.kept is None or refused.api_key is None or entry.provider in self.keys:
            return None
        key = await self.kept.other_than(entry.provider, refused.api_key)
        return replace(refused, api_key=key) if key is not None else None


def _provider(variable: str, ending: str) -> str:
    return variable.removesuffix(ending).lower()
