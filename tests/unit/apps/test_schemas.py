"""OpenAPI's schemas as JSON schemas that stand alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from attache.apps.openapi.document import UnusableError
from attache.apps.openapi.schemas import MAX_ALL_NODES, SchemaReader
from tests.unit.apps.descriptions import one


def read(schema: Any, version: str = "3.1.0", /, **schemas: Any) -> Any:
    return SchemaReader(one({}, version=version, components={"schemas": schemas})).read(schema, ["schema"])


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "x-internal": 1, "xml": {}, "title": "T"}, {"type": "string"}),
        ({"type": "string", "enum": ["a"], "default": "a"}, {"type": "string", "enum": ["a"], "default": "a"}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"const": 1}, {"const": 1}),
        (True, {}),
        (False, {"not": {}}),
        ({"type": "string", "example": "ETH"}, {"type": "string", "examples": ["ETH"]}),
        ({"examples": ["a", "b", "c", "d"]}, {"examples": ["a", "b", "c"]}),
        ({"pattern": "^a$"}, {"pattern": "^a$"}),
        ({"pattern": "\\p{L}+"}, {}),
        ({"allOf": [{"type": "string"}, {"minLength": 1}]}, {"allOf": [{"type": "string"}, {"minLength": 1}]}),
        ({"oneOf": [{"type": "string"}], "discriminator": {}}, {"oneOf": [{"type": "string"}]}),
        ({"additionalProperties": False}, {"additionalProperties": False}),
        ({"additionalProperties": {"type": "string"}}, {"additionalProperties": {"type": "string"}}),
        ({"exclusiveMinimum": 3}, {"exclusiveMinimum": 3}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        ({"type": ["array", "null"]}, {"type": ["array", "null"], "items": {}}),
        ({"type": "array", "items": True}, {"type": "array", "items": {}}),
        (
            {"type": "array", "prefixItems": [{}], "items": False},
            {"type": "array", "prefixItems": [{}], "items": {"not": {}}},
        ),
        ({"type": "string", "enum": [1, True, "x", None]}, {"type": "string", "enum": ["1", "true", "x", None]}),
        ({"type": ["string", "null"], "const": 1.5}, {"type": ["string", "null"], "const": "1.5"}),
        ({"type": "string", "default": 2024}, {"type": "string", "default": "2024"}),
        ({"type": ["string", "integer"], "enum": [1, "x"]}, {"type": ["string", "integer"], "enum": [1, "x"]}),
        ({"patternProperties": {"^\\p{L}+$": {}, "^a$": {}}}, {"patternProperties": {"^a$": {}}}),
        (
            {"properties": {"id": {"readOnly": True}, "name": {}}, "required": ["id", "name"]},
            {"properties": {"name": {}}, "required": ["name"]},
        ),
    ],
)
def test_what_json_schema_knows_survives(schema: Any, expected: Any) -> None:
    assert read(schema) == expected


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "enum": ["a"], "nullable": True}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"nullable": True}, {}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        (
            {"allOf": [{"type": "string"}], "nullable": True, "description": "d"},
            {"description": "d", "anyOf": [{"allOf": [{"type": "string"}]}, {"type": "null"}]},
        ),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"maximum": 1, "exclusiveMaximum": False}, {"maximum": 1}),
        ({"exclusiveMaximum": True}, {}),
    ],
)
def test_the_words_of_3_0_are_translated(schema: Any, expected: Any) -> None:
    assert read(schema, "3.0.3") == expected


def test_references_are_written_out_with_what_stands_beside_them() -> None:
    token = {"type": "string", "description": "A token."}
    assert read({"$ref": "#/components/schemas/T"}, T=token) == token
    beside = {"$ref": "#/components/schemas/T", "description": "Mine.", "minLength": 2}
    assert read(beside, T=token) == {
        "allOf": [{"type": "string", "description": "A token."}],
        "description": "Mine.",
        "minLength": 2,
    }
    assert read(beside, "3.0.3", T=token) == {"type": "string", "description": "Mine."}


def test_a_cycle_is_cut_with_a_note() -> None:
    tree = {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
    }
    inner = read({"$ref": "#/components/schemas/Tree"}, Tree=tree)["properties"]["children"]["items"]
    assert inner["type"] == "object"
    assert "Another Tree" in inner["description"]


def test_a_list_that_is_cut_has_items_too() -> None:
    lists = {"type": "array", "items": {"$ref": "#/components/schemas/Lists"}}
    assert read({"$ref": "#/components/schemas/Lists"}, Lists=lists)["items"]["items"] == {}


def test_many_references_stay_small() -> None:
    """Each level names the next one twice: written out in full, that would be 2 to the power of 30."""
    levels: dict[str, Any] = {"L30": {"type": "string"}}
    for number in range(30):
        following = {"$ref": f"#/components/schemas/L{number + 1}"}
        levels[f"L{number}"] = {"type": "object", "properties": {"a": following, "b": following}}
    text = json.dumps(read({"$ref": "#/components/schemas/L0"}, **levels))
    assert len(text) < 300_000
    assert "is not shown again here" in text


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("string", "A schema must be an object"),
        ({"properties": []}, "There must be schemas by name here"),
        ({"allOf": {}}, "There must be a list of schemas here"),
        ({"$ref": "#/nowhere"}, "names nothing"),
        ({"$dynamicRef": "#x"}, "is not followed"),
        ({"properties": {str(n): {} for n in range(MAX_ALL_NODES + 1)}}, "parts large"),
    ],
)
def test_what_is_no_schema_is_unusable(schema: Any, words: str) -> None:
    with pytest.raises(UnusableError, match=words):
        read(schema)
