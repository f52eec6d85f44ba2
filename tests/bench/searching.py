"""What a search backend must hold and is asked: on paper, since no collection was loaded to write this."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from attache.models.catalogue import Catalogue
from tests.bench.prices import SEARCH_KEPT, SEARCH_UNIT

TEMPLATE = Path(__file__).resolve().parents[2] / "infra" / "search.yaml"
PASSAGES = (10_000, 1_000_000, 10_000_000)
SEARCHES = 1 / 3  # a turn: assumed
LINKS = 16  # of a vector in its graph (OpenSearch's default for HNSW)
OVERHEAD = 1.1  # of vectors and links ("k-NN index": 1.1 x (4 x dimensions + 8 x links) bytes each)
PASSAGE_BYTES = 5_000  # text, words and vector as they are stored: assumed
UNIT_BYTES = 6 * 2**30  # a capacity unit's memory
FOR_VECTORS = 0.5  # of it: assumed
REPLICAS = 2  # searching takes two workers, in two zones, as soon as it is awake
INDEXING = 1  # units while documents change
MONTH_HOURS = 730


@dataclass(frozen=True)
class Collection:
    """A collection of so many passages. `units`: what it takes to search it."""

    passages: int

    @property
    def vector_bytes(self) -> float:
        """Of memory, for the vectors and their graph."""
        embeddings = Catalogue.read().embeddings
        assert embeddings is not None
        return self.passages * OVERHEAD * (4 * embeddings.dimensions + 8 * LINKS)

    @property
    def units(self) -> int:
        return REPLICAS * max(1, math.ceil(self.vector_bytes / (UNIT_BYTES * FOR_VECTORS)))

    @property
    def awake(self) -> float:
        """Dollars an hour in which it is searched, and in which documents change."""
        return (self.units + INDEXING) * SEARCH_UNIT.dollars

    @property
    def kept(self) -> float:
        """Dollars a month, asleep."""
        return self.passages * PASSAGE_BYTES * SEARCH_KEPT.dollars


def most_passages() -> int:
    """How many passages infra/search.yaml has units for."""
    one = Collection(1).vector_bytes
    return int(most_units() / REPLICAS * UNIT_BYTES * FOR_VECTORS / one)


@cache
def most_units() -> int:
    """For searching, of the collection in infra/search.yaml."""
    template = yaml.load(TEMPLATE.read_text(), _Template)  # a SafeLoader
    limits: dict[str, Any] = template["Resources"]["Group"]["Properties"]["CapacityLimits"]
    return int(limits["MaxSearchCapacityInOcu"])


class _Template(yaml.SafeLoader):
    """CloudFormation's YAML, of whose short functions none is of interest here."""


_Template.add_multi_constructor("!", lambda loader, suffix, node: suffix)
