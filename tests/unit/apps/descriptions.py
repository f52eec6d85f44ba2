"""Descriptions for tests: small ones to vary, and a large one as companies have them."""

from __future__ import annotations

import json
from typing import Any

from attache.apps.openapi.document import Document, read_document
from attache.apps.source import Source

SERVER = "https://api.example.com"


def description(paths: dict[str, Any], version: str = "3.1.0", **more: Any) -> dict[str, Any]:
    return {
        "openapi": version,
        "info": {"title": "T", "version": "1"},
        "servers": [{"url": SERVER}],
        "paths": paths,
    } | more


def document(paths: dict[str, Any], version: str = "3.1.0", **more: Any) -> Document:
    return read_document(Source("openapi.json", description(paths, version, **more)))


def one(
    operation: dict[str, Any], path: str = "/x", method: str = "get", version: str = "3.1.0", **more: Any
) -> Document:
    """A description of one operation."""
    return document({path: {method: operation}}, version, **more)


def query(schema: Any, name: str = "q", **more: Any) -> dict[str, Any]:
    return {"parameters": [{"name": name, "in": "query", "schema": schema, **more}]}


def json_body(schema: Any, required: bool = True) -> dict[str, Any]:
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def large(resources: int = 120) -> dict[str, Any]:
    """CRUD over many resources that refer to each other in circles, with what real descriptions have of mess."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {"Error": {"type": "object", "properties": {"message": {"type": "string"}}}}
    for number in range(resources):
        name, following = f"Resource{number}", f"Resource{(number + 1) % resources}"
        schemas[name] = {
            "type": "object",
            "required": ["id", "name"],
            "properties": {
                "id": {"type": "string", "format": "uuid", "readOnly": True},
                "name": {"type": "string", "minLength": 1, "description": f"The name of a {name}. " * 20},
                "state": {"type": "string", "enum": ["active", "NO", "off"], "default": "active"},
                "next": {"$ref": f"#/components/schemas/{following}"},
                "children": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}},
                "owner": {"oneOf": [{"type": "string"}, {"$ref": "#/components/schemas/Resource0"}]},
                "price": {"type": "number", "minimum": 0, "exclusiveMinimum": True, "nullable": True},
            },
        }
        paths[f"/resource{number}"] = {
            "parameters": [{"$ref": "#/components/parameters/Tenant"}],
            "get": {
                "operationId": f"list{name}",
                "tags": [f"group{number % 7}"],
                "summary": f"List {name}",
                "parameters": [
                    {"$ref": "#/components/parameters/Limit"},
                    {"name": "filter[state]", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                ],
            },
            "post": {
                "operationId": f"create{name}",
                "tags": [f"group{number % 7}"],
                "summary": f"Create {name}",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}},
                },
            },
        }
        paths[f"/resource{number}/{{id}}/file"] = {
            "put": {
                "operationId": f"upload{name}",
                "requestBody": {"content": {"multipart/form-data": {"schema": {"type": "object"}}}},
            },
        }
    parameters = {
        "Tenant": {"name": "X-Tenant", "in": "header", "required": True, "schema": {"type": "string"}},
        "Limit": {
            "name": "limit",
            "in": "query",
            "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
        },
    }
    return description(paths, "3.0.3", components={"schemas": schemas, "parameters": parameters})


def as_json(data: dict[str, Any]) -> bytes:
    return json.dumps(data).encode()
