"""What OpenSearch is told, by target: a collection refuses what a domain needs."""

from __future__ import annotations

import json

import pytest

from attache.documents.kinds import place_of
from attache.documents.opensearch_mapping import index_name, vector_field, vector_mapping


def test_a_domain_is_told_the_engine_and_a_collection_is_not() -> None:
    domain, serverless = (vector_mapping(target, "m@3", 3) for target in ("domain", "serverless"))
    field = domain["properties"][vector_field("m@3")]
    assert (field["type"], field["dimension"], field["method"]["engine"]) == ("knn_vector", 3, "lucene")
    assert "engine" not in json.dumps(serverless)


def test_each_space_has_a_field_of_its_own() -> None:
    assert vector_field("a@3") != vector_field("b@3")


@pytest.mark.parametrize("name", ["", "*", "a,b", "A", "a_b", "-a", "a" * 64, "../a", "_all", "a*"])
def test_no_name_can_mean_more_than_one_index(name: str) -> None:
    with pytest.raises(ValueError, match="no index"):
        index_name("dev", name)
    with pytest.raises(ValueError, match="no index"):
        index_name(name, "app")
    assert place_of(f"{name}/a.md") is None


def test_stages_and_apps_cannot_be_taken_for_each_other() -> None:
    assert index_name("dev", "x-y") != index_name("dev-x", "y")
    assert index_name("dev", "shop") == "attache_dev_shop"


def test_a_place_is_an_app_and_a_path() -> None:
    assert place_of("shop/help/fees.md") == ("shop", "help/fees.md")
    assert place_of("shop/help/") is None
    assert place_of("shop") is None
    assert place_of("shop/" + "x" * 600) is None
