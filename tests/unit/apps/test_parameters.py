"""The schema that the model sees, and the map back."""

from __future__ import annotations

from typing import Any

import pytest

from attache.apps.openapi.document import UnusableError
from attache.apps.openapi.operations import read_operations
from attache.apps.openapi.parameters import Inputs, Reserved, read_inputs
from tests.unit.apps.descriptions import json_body, one, query

STRING = {"type": "string"}


def inputs(operation: dict[str, Any], path: str = "/x", method: str = "post", reserved: Reserved = ()) -> Inputs:
    described = one(operation, path, method)
    [read], left_out = read_operations(described)
    assert not left_out
    return read_inputs(described, read, reserved)


def places(read: Inputs) -> dict[str, tuple[str, str]]:
    return {binding.argument: (binding.place, binding.name) for binding in read.bindings}


def test_all_inputs_become_one_closed_object() -> None:
    body = json_body({"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]})
    parameters = [
        {"name": "limit", "in": "query", "schema": {"type": "integer"}, "description": "How many."},
        {"name": "X-Trace", "in": "header", "schema": STRING},
    ]
    read = inputs({"parameters": parameters, **body}, "/x/{id}")
    assert read.schema == {
        "type": "object",
        "properties": {
            "limit": {"type": "integer", "description": "How many."},
            "X-Trace": STRING,
            "id": STRING,
            "amount": {"type": "number"},
        },
        "additionalProperties": False,
        "required": ["id", "amount"],
    }
    assert places(read) == {
        "limit": ("query", "limit"),
        "X-Trace": ("header", "X-Trace"),
        "id": ("path", "id"),
        "amount": ("body_property", "amount"),
    }


def test_names_that_clash_or_that_no_provider_takes_are_mapped_back() -> None:
    body = json_body({"type": "object", "properties": {"id": STRING, "query_id": STRING}})
    parameters = [
        {"name": "id", "in": "header", "schema": STRING},
        {"name": "id", "in": "query", "schema": STRING},
        {"name": "filter[state]", "in": "query", "schema": STRING},
        {"name": "filter(state)", "in": "query", "schema": STRING},
        {"name": "$top", "in": "query", "schema": STRING},
        {"name": "größe", "in": "query", "schema": STRING},
        {"name": "日本", "in": "query", "schema": STRING},
        {"name": "x" * 80, "in": "query", "schema": STRING},
    ]
    assert places(inputs({"parameters": parameters, **body}, "/x/{id}")) == {
        "header_id": ("header", "id"),
        "query_id": ("query", "id"),
        "filter_state": ("query", "filter[state]"),
        "query_filter_state": ("query", "filter(state)"),
        "top": ("query", "$top"),
        "gr_e": ("query", "größe"),
        "query": ("query", "日本"),
        "x" * 64: ("query", "x" * 80),
        "id": ("path", "id"),
        "body_id": ("body_property", "id"),
        "body_query_id": ("body_property", "query_id"),
    }


@pytest.mark.parametrize(
    ("schema", "required"),
    [
        ({"type": "array", "items": STRING}, True),
        ({"oneOf": [{"type": "object"}, {"type": "object"}]}, True),
        ({"type": "object"}, True),
        ({"type": "object", "properties": {"a": STRING}, "additionalProperties": STRING}, True),
        ({"type": "object", "properties": {"a": STRING}, "allOf": [{"required": ["a"]}]}, True),
        ({"type": "object", "properties": {"a": STRING}, "required": ["a"]}, False),
        ({"type": ["object", "null"], "properties": {"a": STRING}}, True),
    ],
)
def test_a_body_that_is_more_than_its_members_is_one_argument(schema: dict[str, Any], required: bool) -> None:
    read = inputs(json_body(schema, required))
    assert places(read) == {"body": ("body", "body")}
    assert read.schema.get("required", []) == (["body"] if required else [])


def test_a_required_default_is_filled_in_and_any_other_is_left_to_the_api() -> None:
    with_default = {"type": "string", "default": "USD"}
    needed, optional = inputs(query(with_default, required=True)), inputs(query(with_default))
    assert [binding.fill for binding in needed.bindings] == [True]
    assert [binding.fill for binding in optional.bindings] == [False]
    assert "required" not in needed.schema
    assert "required" not in optional.schema


def test_what_the_transport_or_the_secret_fills_in_is_not_asked_of_the_model() -> None:
    names = ["Authorization", "Content-Type", "Accept", "Idempotency-Key", "Host", "X-Api-Key", "X-Mine"]
    parameters = [{"name": name, "in": "header", "required": True, "schema": STRING} for name in names]
    cookie = {"name": "session", "in": "cookie", "schema": STRING}
    assert list(places(inputs({"parameters": [*parameters, cookie]}, reserved=[("header", "x-api-key")]))) == ["X-Mine"]
    assert places(inputs(query(STRING, "key"), reserved=[("query", "key")])) == {}


@pytest.mark.parametrize(
    ("parameter", "style", "explode"),
    [
        ({"in": "query"}, "form", True),
        ({"in": "query", "explode": False}, "form", False),
        ({"in": "query", "style": "pipeDelimited"}, "pipeDelimited", False),
        ({"in": "query", "style": "deepObject", "explode": True}, "deepObject", True),
        ({"in": "header"}, "simple", False),
        ({"in": "query", "content": {"application/json": {"schema": STRING}}}, "json", False),
        ({"in": "path", "name": "id", "content": {"*/*": {"schema": STRING}}}, "simple", False),
    ],
)
def test_styles_have_openapis_defaults(parameter: dict[str, Any], style: str, explode: bool) -> None:
    path = "/x/{id}" if parameter["in"] == "path" else "/x"
    [binding] = inputs({"parameters": [{"name": "q", "schema": STRING, **parameter}]}, path).bindings
    assert (binding.style, binding.explode) == (style, explode)


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ({"parameters": [{"name": "s", "in": "cookie", "required": True}]}, "needs a cookie"),
        ({"parameters": [{"name": "s", "in": "query", "style": "simple"}]}, "in style 'simple' cannot be sent"),
        ({"parameters": [{"name": "s", "in": "header", "style": "matrix"}]}, "in style 'matrix' cannot be sent"),
        ({"parameters": [{"name": "a b", "in": "header"}]}, "'a b' is no name of a header"),
        ({"parameters": [{"name": "s", "in": "query", "content": {"text/csv": {}}}]}, "as text/csv cannot be sent"),
        (query({"type": "strnig"}), "not a valid schema: properties.q.type"),
        (query({"type": "integer", "minimum": "1"}), "not a valid schema: properties.q.minimum"),
    ],
)
def test_what_cannot_be_sent_is_unusable(operation: dict[str, Any], words: str) -> None:
    with pytest.raises(UnusableError) as caught:
        inputs(operation)
    assert words in caught.value.reason
