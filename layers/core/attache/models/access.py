"""Which provider keys there are, and where their APIs stand."""

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
    """How a model is reached: LiteLLM's route, the key, and the API's address where it is not the provider's own.

    `demo`: it is the demo model that answers, which has no price.
    """

    route: str
    api_key: str | None = field(repr=False)
    api_base: str | None = None
    demo: bool = False

    @property
    def provider(self) -> str:
        """Whose wire format is spoken, as LiteLLM names it."""
        return self.route.partition("/")[0]


class KeptKeys(Protocol):
    """Keys of the operator's that the environment does not give."""

    async def of(self, provider: str) -> str | None:
        """The provider's key. Raises Unavailable."""
        ...

    async def other_than(self, provider: str, refused: str) -> str | None:
        """The key that is kept now, where it is not the one that the provider refused. Raises Unavailable."""
        ...


@dataclass(frozen=True)
class ProviderAccess:
    """Keys and addresses by provider, from LiteLLM's own variables (`ANTHROPIC_API_KEY`, `OPENAI_API_BASE`...).

    `demo_url` is an OpenAI-compatible API that stands in for every provider without a key; `kept` has keys of
    providers that the variables give none of.
    """

    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    bases: Mapping[str, str] = field(default_factory=dict)
    demo_url: str | None = None
    kept: KeptKeys | None = None

    @classmethod
    def from_environ(
        cls, environ: Mapping[str, str], demo_url: str | None = None, kept: KeptKeys | None = None
    ) -> ProviderAccess:
        """What an environment says; an empty variable says nothing."""
        given = {name: value.strip() for name, value in environ.items() if value.strip()}
        bases = {_provider(name, end): given[name] for end in reversed(BASES) for name in given if name.endswith(end)}
        keys = {_provider(name, KEY): given[name] for name in given if name.endswith(KEY)}
        return cls(keys, bases, demo_url, kept)

    async def to(self, entry: ModelEntry, own_key: str | None = None) -> Access:
        """The way to a model, with the user's own key where there is one; `api_key` None where nobody has any.

        Raises Unavailable.
        """
        key = own_key or self.keys.get(entry.provider)
        if key is None and self.kept is not None:
            key = await self.kept.of(entry.provider)
        if key is None and self.demo_url:
            return Access(f"openai/{entry.id}", DEMO_KEY, self.demo_url, demo=True)
        return Access(entry.route, key, self.bases.get(entry.provider))

    async def again(self, entry: ModelEntry, refused: Access) -> Access | None:
        """The way with a key that was set meanwhile, where the provider refused the one that was used.

        Raises Unavailable.
        """
        if self.kept is None or refused.api_key is None or entry.provider in self.keys:
            return None
        key = await self.kept.other_than(entry.provider, refused.api_key)
        return replace(refused, api_key=key) if key is not None else None


def _provider(variable: str, ending: str) -> str:
    return variable.removesuffix(ending).lower()
