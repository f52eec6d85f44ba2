"""Stage one and two: descriptions, references, operations."""

from __future__ import annotations

from typing import Any

import pytest

from attache.apps.openapi.document import UnusableError, read_document
from attache.apps.openapi.operations import read_operations
from attache.apps.problems import CannotDeploy
from attache.apps.source import Source, read_source
from tests.unit.apps.descriptions import document, json_body, one, query


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("hello", "there must be an object at its top"),
        ({"swagger": "2.0", "paths": {"/x": {}}}, "This is Swagger 2.0"),
        ({"name": "mycoindex"}, "no `openapi: 3.x`"),
        ({"openapi": "4.0.0", "paths": {"/x": {}}}, "OpenAPI 4.0.0 is not read here"),
        ({"openapi": "3.1.0"}, "There are no `paths`"),
        ({"openapi": "3.1.0", "paths": []}, "There are no `paths`"),
    ],
)
def test_what_is_no_description_is_refused(data: Any, words: str) -> None:
    with pytest.raises(CannotDeploy) as caught:
        read_document(Source("openapi.yaml", data))
    assert words in caught.value.message


@pytest.mark.parametrize("version", ["3.0.0", "3.0.4", "3.1.0", 3.1])
def test_both_versions_are_read(version: Any) -> None:
    assert read_document(Source("f", {"openapi": version, "paths": {"/x": {}}})).old == str(version).startswith("3.0")


def test_a_reference_is_followed_through_escapes_and_others() -> None:
    described = one({}, components={"a/b": {"c~d": {"$ref": "#/components/list/0"}}, "list": [{"found": True}]})
    assert described.resolve({"$ref": "#/components/a~1b/c~0d"}, []) == ({"found": True}, ["components", "list", "0"])


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("#/components/nothing", "names nothing in this file"),
        ("#/components/loop", "leads back to itself"),
        ("other.yaml#/x", "points out of this file"),
        ("https://example.com/x.json", "points out of this file"),
        ("#anchor", "points out of this file"),
        ("#/openapi", "There must be an object here"),
    ],
)
def test_a_reference_that_leads_nowhere_is_unusable(reference: str, words: str) -> None:
    described = one({}, components={"loop": {"$ref": "#/components/loop"}})
    with pytest.raises(UnusableError, match=words):
        described.resolve({"$ref": reference}, [])


def test_an_operation_has_what_its_path_has_unless_it_says_otherwise() -> None:
    paths = {
        "/a/{id}": {
            "summary": "of the path",
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
                {"name": "q", "in": "query", "description": "of the path"},
            ],
            "get": {"parameters": [{"name": "q", "in": "query", "description": "of the operation"}]},
        }
    }
    [operation], left_out = read_operations(document(paths))
    assert not left_out
    assert operation.summary == "of the path"
    assert {each.name: each.description for each in operation.parameters} == {"id": "", "q": "of the operation"}


def test_a_path_item_and_a_parameter_may_be_references() -> None:
    components = {
        "pathItems": {"X": {"get": {"parameters": [{"$ref": "#/components/parameters/Q"}]}}},
        "parameters": {"Q": {"name": "q", "in": "query", "content": {"application/json": {"schema": {}}}}},
    }
    [operation], _ = read_operations(document({"/x": {"$ref": "#/components/pathItems/X"}}, components=components))
    assert [(each.name, each.media_type) for each in operation.parameters] == [("q", "application/json")]


def test_a_place_in_the_path_needs_no_parameter_and_a_parameter_without_one_is_dropped() -> None:
    parameter = {"name": "b", "in": "path", "required": True}
    [operation], _ = read_operations(one({"parameters": [parameter]}, path="/x/{a}"))
    assert [each.name for each in operation.parameters] == ["a"]


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        ({"/x": {"options": {}}}, "OPTIONS is no call"),
        ({"x": {"get": {}}}, "A path begins with `/`"),
        ({"/x?y=1": {"get": {}}}, "A path begins with `/`"),
        ({"/x": {"$ref": "#/nowhere"}}, "names nothing"),
        ({"/x": 7}, "There must be an object here"),
        ({"/x": {"get": "soon"}}, "There must be an object here"),
        ({"/x": {"get": {"parameters": [{"name": "q"}]}}}, "A parameter needs a `name`, and `in`"),
        ({"/x": {"get": {"parameters": [{"$ref": "#/nowhere"}]}}}, "names nothing"),
        ({"/x": {"post": {"requestBody": {}}}}, "no `content`"),
        ({"/x": {"post": {"requestBody": {"content": {"multipart/form-data": {}}}}}}, "only JSON can be sent"),
    ],
)
def test_what_cannot_be_read_costs_one_operation_and_says_where(paths: dict[str, Any], reason: str) -> None:
    operations, [left_out] = read_operations(document({"/good": {"get": {}}, **paths}))
    assert [operation.title for operation in operations] == ["GET /good"]
    assert reason in left_out.reason
    assert left_out.place.startswith("openapi.json (paths.")


def test_what_cannot_be_read_keeps_its_id() -> None:
    paths = {"/x": {"put": {"operationId": "putX", "requestBody": {}}, "post": {"requestBody": {}}}, "/y": 7}
    _, left_out = read_operations(document(paths))
    assert {each.operation: each.operation_id for each in left_out} == {"PUT /x": "putX", "POST /x": None, "* /y": None}


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        ({"application/json": {}}, "application/json"),
        ({"application/xml": {}, "application/json; charset=utf-8": {}}, "application/json; charset=utf-8"),
        ({"application/merge-patch+json": {}}, "application/merge-patch+json"),
        ({"*/*": {}}, "application/json"),
    ],
)
def test_the_json_form_of_a_body_is_taken(content: dict[str, Any], sent: str) -> None:
    [operation], _ = read_operations(one({"requestBody": {"content": content}}, method="post"))
    assert operation.body is not None
    assert operation.body.media_type == sent


def test_a_get_has_no_body() -> None:
    [operation], _ = read_operations(one(json_body({"type": "object"})))
    assert operation.body is None


@pytest.mark.parametrize(
    ("security", "top", "secured"),
    [
        (None, [{"key": []}], True),
        ([], [{"key": []}], False),
        ([{"key": []}, {}], None, False),
        ([{"key": []}], [], True),
    ],
)
def test_an_operation_says_whether_it_needs_authorization(security: Any, top: Any, secured: bool) -> None:
    operation = {} if security is None else {"security": security}
    [read], _ = read_operations(one(operation, **({} if top is None else {"security": top})))
    assert read.secured == secured


def test_a_place_has_the_line() -> None:
    text = b"openapi: 3.1.0\npaths:\n  /x:\n    get:\n      parameters:\n        - name: q\n"
    _, [left_out] = read_operations(read_document(read_source("api.yaml", text)))
    assert left_out.place == "api.yaml:6 (paths./x.get.parameters.0)"


def test_an_example_of_a_parameter_is_one_of_its_schema() -> None:
    [operation], _ = read_operations(one(query({"type": "string"}, example="ETH")))
    assert operation.parameters[0].schema == {"type": "string", "example": "ETH"}
