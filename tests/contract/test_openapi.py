"""The committed description of our own API: as the routes are, and nothing that clients rely on is gone from it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from attache.wire.boundary import REQUEST_HEADERS
from attache_openapi.breaking import breaking
from attache_openapi.document import Undescribed, document
from attache_openapi.files import CURRENT, RELEASED, described, text_of
from attache_openapi.operations import OPERATIONS
from tests.contract.conformity import conforms, conforms_event
from tests.contract.templates.transformed import ROUTES

NOT_OF_OUR_MAKING = {"Content-Type", "Accept"}  # of HTTP itself; OpenAPI says to ignore them as parameters


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    return described()


def test_the_committed_description_is_what_the_routes_say(ours: dict[str, Any]) -> None:
    assert CURRENT.read_text(encoding="utf-8") == text_of(ours), "make openapi"


def test_nothing_that_clients_rely_on_is_gone_since_the_release(ours: dict[str, Any]) -> None:
    assert breaking(json.loads(RELEASED.read_text(encoding="utf-8")), ours) == []


def test_a_route_without_a_description_is_noticed_and_so_is_the_opposite() -> None:
    for found in ([*OPERATIONS, "GET /api/new"], list(OPERATIONS)[1:]):
        with pytest.raises(Undescribed):
            document(found)


def test_every_endpoint_of_the_deployment_is_described_where_it_is_built(ours: dict[str, Any]) -> None:
    named = {f"{method.upper()} {path}" for path, methods in ours["paths"].items() for method in methods}
    deployed = {endpoint.replace("/{id}", "/{session_id}") for endpoint in ROUTES}
    assert named <= deployed


def test_every_header_that_the_contract_has_is_described(ours: dict[str, Any]) -> None:
    operations = [each for methods in ours["paths"].values() for each in methods.values()]
    parameters = {p["name"] for each in operations for p in each.get("parameters", ()) if p["in"] == "header"}
    schemes = {scheme["name"] for scheme in ours["components"]["securitySchemes"].values()}
    assert parameters | schemes | NOT_OF_OUR_MAKING == set(REQUEST_HEADERS.split(", "))


def test_schemas_are_schemas_and_references_lead_somewhere(ours: dict[str, Any]) -> None:
    for schema in ours["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for reference in references(ours):
        _, _, kind, name = reference.split("/")
        assert name in ours["components"][kind], reference


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/api/state", 200, {"session_id": "x"}),
        ("GET", "/api/state", 418, {"error": "a teapot"}),
        ("GET", "/api/state", 400, {"message": "not our shape"}),
        ("GET", "/api/sessions/1/extra", 200, None),
        ("PATCH", "/api/sessions/1", 200, {"session_id": "x", "title": "y", "is_archived": "no", "threads": []}),
    ],
)
def test_an_answer_that_is_not_as_described_is_noticed(method: str, path: str, status: int, body: Any) -> None:
    answer = httpx.Response(status, json=body, request=httpx.Request(method, f"http://here{path}"))
    if path.endswith("/extra"):
        conforms(answer)  # no endpoint of ours
    else:
        with pytest.raises(AssertionError):
            conforms(answer)


@pytest.mark.parametrize("event", [{"type": "text"}, {"type": "new"}, {"type": "complete", "status": "done"}])
def test_an_event_that_is_not_as_described_is_noticed(event: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        conforms_event(event)


def references(part: Any) -> set[str]:
    if isinstance(part, list):
        return {each for value in part for each in references(value)}
    if not isinstance(part, dict):
        return set()
    return {part["$ref"]} if "$ref" in part else {each for value in part.values() for each in references(value)}
