"""Where passages are found, as an interface; and two rankings made into one.

An index is given passages in runs: all passages of one reading of one document, later runs sorting behind earlier ones.
What was put may be found late, twice, or after it was dropped: which run of a document counts, the records say.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from attache.documents.passage import Passage

Place = tuple[str, str, int]  # run, path, position
RANK = 60  # the constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009)


@dataclass(frozen=True)
class Vector:
    """What a text means. `space` is the model that says so: vectors of two spaces cannot be compared."""

    space: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Hit:
    """A passage that was found, and the run that it was put with."""

    passage: Passage
    run: str


class PassageIndex(Protocol):
    """The passages of all apps, each app's by themselves. Everything here raises Unavailable.

    `settled_after`: seconds after which `drop` sees what was put; 0 where it always does.
    """

    @property
    def settled_after(self) -> float: ...

    async def put(self, run: str, passages: Sequence[tuple[Passage, Vector | None]]) -> None:
        """Add passages of one document."""
        ...

    async def drop(self, app: str, path: str, *, before: str) -> None:
        """Remove a document's passages of all runs that sort before this one."""
        ...

    async def search(self, app: str, text: str, vector: Vector | None, k: int) -> Sequence[Hit]:
        """The passages of an app that fit the words of `text`, or the vector, best first; k at most."""
        ...

    async def close(self) -> None:
        """Close what is kept open."""
        ...


def unit(values: Sequence[float]) -> list[float]:
    """The same direction with length 1; zeros stay zeros."""
    length = math.sqrt(sum(value * value for value in values)) or 1.0
    return [value / length for value in values]


def fused(rankings: Sequence[Sequence[Hit]], k: int) -> list[Hit]:
    """The best of several rankings, by reciprocal rank: it wants no scores, which no two engines count alike."""
    scores: dict[Place, float] = defaultdict(float)
    hits: dict[Place, Hit] = {}
    for ranking in rankings:
        once = dict.fromkeys(map(_place, ranking))
        for rank, place in enumerate(once, 1):
            scores[place] += 1 / (RANK + rank)
        hits.update((_place(hit), hit) for hit in ranking)
    return [hits[place] for place in sorted(scores, key=lambda each: (-scores[each], each))[:k]]


def _place(hit: Hit) -> Place:
    return (hit.run, hit.passage.path, hit.passage.position)
