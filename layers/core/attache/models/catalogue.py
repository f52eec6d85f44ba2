"""The catalogue of models: our id, LiteLLM's route, a name and a provider.

It is one file, `catalogue.toml`, which operators may edit. Reading it needs only the standard library.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from attache.errors import BadInput

BUILT_IN = Path(__file__).with_name("catalogue.toml")
ANYTHING = "*"
EMBEDDINGS = "embeddings"


@dataclass(frozen=True)
class ModelEntry:
    """A model. `route` is LiteLLM's (`anthropic/claude-...`); `max_tokens` limits an answer; None: no limit of ours."""

    id: str
    name: str
    provider: str
    route: str
    max_tokens: int | None = None


@dataclass(frozen=True)
class EmbeddingEntry(ModelEntry):
    """The model that makes vectors of `dimensions` numbers of documents and questions."""

    dimensions: int = field(kw_only=True)


@dataclass(frozen=True)
class Catalogue:
    """The models by id, in the file's order; an id that ends in `*` matches every id with that prefix.

    `embeddings` makes the vectors of documents; where it is None, they are found by words only.
    """

    entries: Mapping[str, ModelEntry]
    embeddings: EmbeddingEntry | None = None

    @classmethod
    def read(cls, path: Path = BUILT_IN) -> Catalogue:
        """Read a catalogue file. Raises OSError, TOMLDecodeError, or TypeError for missing or unknown keys."""
        with path.open("rb") as file:
            tables = tomllib.load(file)
        made = tables.pop(EMBEDDINGS, None)
        embeddings = EmbeddingEntry(id=EMBEDDINGS, **made) if made else None
        return cls({model_id: ModelEntry(id=model_id, **table) for model_id, table in tables.items()}, embeddings)

    @property
    def providers(self) -> tuple[str, ...]:
        """The providers of these models, in the file's order."""
        return tuple(dict.fromkeys(entry.provider for entry in self.entries.values()))

    def resolve(self, model_id: str) -> ModelEntry:
        """The model with this id, patterns included. Raises BadInput if there is none."""
        entry = self.find(model_id)
        if entry is None:
            raise BadInput(f"There is no model {model_id[:100]!r}; there are {', '.join(self.entries)}.")
        return entry

    def find(self, model_id: str) -> ModelEntry | None:
        """The model with this id, or None."""
        if ANYTHING in model_id:
            return None
        return self._named.get(model_id) or next(filter(None, (_filled(p, model_id) for p in self._patterns)), None)

    def listing(self, default: str, allowed: Iterable[str]) -> tuple[ModelEntry, ...]:
        """The models an app offers: its default first, then `allowed` with patterns replaced by the models they match.

        A pattern that matches no id in the file (`openrouter/*`) adds nothing to the list, but its models may be used.
        """
        ids = [default, *(model_id for pattern in allowed for model_id in self._fitting(pattern))]
        found = (self.find(model_id) for model_id in dict.fromkeys(ids))
        return tuple(entry for entry in found if entry is not None)

    def _fitting(self, pattern: str) -> Iterable[str]:
        if self.find(pattern):
            return (pattern,)
        return (model_id for model_id in self._named if fnmatchcase(model_id, pattern))

    @cached_property
    def _named(self) -> Mapping[str, ModelEntry]:
        return {model_id: entry for model_id, entry in self.entries.items() if not model_id.endswith(ANYTHING)}

    @cached_property
    def _patterns(self) -> tuple[ModelEntry, ...]:
        return tuple(entry for model_id, entry in self.entries.items() if model_id.endswith(ANYTHING))


def _filled(pattern: ModelEntry, model_id: str) -> ModelEntry | None:
    prefix = pattern.id.removesuffix(ANYTHING)
    rest = model_id.removeprefix(prefix)
    if not model_id.startswith(prefix) or not rest.strip():
        return None
    return ModelEntry(
        id=model_id,
        name=pattern.name.replace(ANYTHING, rest),
        provider=pattern.provider,
        route=pattern.route.replace(ANYTHING, rest),
        max_tokens=pattern.max_tokens,
    )
