"""Which provider keys there are, and where their APIs stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class ProviderAccess:
    """Keys and addresses by provider, from LiteLLM's own variables (`ANTHROPIC_API_KEY`, `OPENAI_API_BASE`...).

    `demo_url` is an OpenAI-compatible API that stands in for every provider without a key.
    """

    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    bases: Mapping[str, str] = field(default_factory=dict)
    demo_url: str | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], demo_url: str | None = None) -> ProviderAccess:
        """What an environment says; an empty variable says nothing."""
        given = {name: value.strip() for name, value in environ.items() if value.strip()}
        bases = {_provider(name, end): given[name] for end in reversed(BASES) for name in given if name.endswith(end)}
        keys = {_provider(name, KEY): given[name] for name in given if name.endswith(KEY)}
        return cls(keys, bases, demo_url)

    def to(self, entry: ModelEntry, own_key: str | None = None) -> Access:
        """The way to a model, with the user's own key where there is one; `api_key` None where nobody has any."""
        key = own_key or self.keys.get(entry.provider)
        if key is None and self.demo_url:
            return Access(f"openai/{entry.id}", DEMO_KEY, self.demo_url, demo=True)
        return Access(entry.route, key, self.bases.get(entry.provider))


def _provider(variable: str, ending: str) -> str:
    return variable.removesuffix(ending).lower()
