"""The functions' routes and what is said of them, as one OpenAPI 3.1 document."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from attache import __version__
from attache_openapi.answers import Error
from attache_openapi.operations import OPERATIONS, Operation, Shape
from attache_openapi.parameters import Json

REFERENCE = "#/components/schemas/{model}"
ALWAYS = (413, 429, 500, 503)  # whatever is asked
WHY = {
    304: "Nothing changed.",
    400: "The request is wrong as it stands.",
    401: "No key, or one that is unknown, expired or revoked.",
    403: "The key does not authorize this app.",
    404: "There is no such thing.",
    409: "The `Idempotency-Key` came with another message before.",
    413: "A message over 32,000 characters, or a body over 1 MB.",
    429: "Over a limit; again after `Retry-After` seconds.",
    500: "Our fault; the request id is for reporting it.",
    503: "Something that we stand on does not answer; again after `Retry-After` seconds.",
}
NAMES = {status: HTTPStatus(status).phrase.title().replace(" ", "") for status in WHY}
TEXT = {"schema": {"type": "string"}}
CALLED_BACK = {429, 503}


class Undescribed(Exception):
    """Routes and descriptions do not fit together."""


def endpoints(app: FastAPI) -> list[str]:
    """`METHOD /path` of every route, sorted by path."""
    paths: Mapping[str, Json] = app.openapi()["paths"]
    found = sorted((path, method.upper()) for path, methods in paths.items() for method in methods)
    return [f"{method} {path}" for path, method in found]


def document(found: Collection[str], operations: Mapping[str, Operation] = OPERATIONS) -> Json:
    """The document of these endpoints. Raises Undescribed where one has no description, or the other way round."""
    if unlike := set(found) ^ operations.keys():
        raise Undescribed(f"routes and descriptions differ: {', '.join(sorted(unlike))}")
    shapes = list(dict.fromkeys(shape for each in operations.values() for shape in _shapes(each)))
    modes = [(shape, "validation") for shape in [*shapes, Error]]
    _, schemas = models_json_schema(modes, ref_template=REFERENCE)  # type: ignore[arg-type]  # a list is invariant
    paths: dict[str, Json] = {}
    for endpoint in found:
        method, _, path = endpoint.partition(" ")
        paths.setdefault(path, {})[method.lower()] = _operation(endpoint, operations[endpoint])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Attaché",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"AomiAppKey": []}, {"XApiKey": []}, {}],
        "paths": paths,
        "components": {
            "schemas": _without_titles(schemas["$defs"]),
            "responses": {name: _refusal(status) for status, name in NAMES.items()},
            "securitySchemes": {
                "AomiAppKey": {"type": "apiKey", "in": "header", "name": "AOMI-APP-KEY"},
                "XApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }


def _operation(endpoint: str, operation: Operation) -> Json:
    said: Json = {
        "operationId": re.sub(r"[^a-z]+", "_", endpoint.lower()).strip("_"),
        "tags": [operation.tag],
        "summary": operation.summary,
        "responses": {"200": _answer(operation)},
    }
    refused = sorted({*operation.refusals, *_always(operation)})
    said["responses"] |= {str(status): {"$ref": f"#/components/responses/{NAMES[status]}"} for status in refused}
    if operation.parameters:
        said["parameters"] = list(operation.parameters)
    if operation.body is not None:
        said["requestBody"] = {"required": False, "content": _json(operation.body)}
    if operation.keyless:
        said["security"] = []
    return said


def _always(operation: Operation) -> tuple[int, ...]:
    return () if operation.keyless else ALWAYS


def _answer(operation: Operation) -> Json:
    content = _json(operation.answer) if operation.answer is not None else {}
    if operation.stream is not None:
        # OpenAPI 3.1 has no word for what a stream is made of
        content["text/event-stream"] = {"schema": {"type": "string"}, "x-event-schema": _reference(operation.stream)}
    answered: Json = {"description": _described(operation), "content": content}
    if operation.about_a_session:
        answered["headers"] = {"X-Session-Id": TEXT, **({"ETag": TEXT} if 304 in operation.refusals else {})}
    return answered


def _described(operation: Operation) -> str:
    shape = operation.answer or operation.stream
    return (shape.__doc__ or "").strip() if shape is not None else ""


def _refusal(status: int) -> Json:
    said: Json = {"description": WHY[status]}
    if status in CALLED_BACK:
        said["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}}
    return said if status == 304 else {**said, "content": _json(Error)}


def _json(shape: Shape) -> Json:
    return {"application/json": {"schema": _reference(shape)}}


def _reference(shape: Shape) -> Json:
    return {"$ref": REFERENCE.format(model=shape.__name__)}


def _shapes(operation: Operation) -> Iterator[Shape]:
    yield from (shape for shape in (operation.answer, operation.body, operation.stream) if shape is not None)


def _without_titles(schema: Any, *, names: bool = True) -> Any:
    """The same without pydantic's titles, which only repeat names; `names`: the keys of this object are names."""
    if isinstance(schema, list):
        return [_without_titles(each, names=False) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = schema if names else {key: value for key, value in schema.items() if key != "title"}
    return {key: _without_titles(value, names=key == "properties") for key, value in kept.items()}
