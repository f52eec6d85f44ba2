"""OpenAPI schemas as self-contained JSON schemas (2020-12): references expanded, 3.0's keywords translated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attache.apps.openapi.discriminators import tell_forms_apart
from attache.apps.openapi.document import Document, UnusableError
from attache.apps.openapi.repairs import repair
from attache.apps.source import Path

MAX_NODES = 400  # limits on references, in all and nested; more are cut, since the model reads it all each turn
MAX_INSIDE = 5
MAX_ALL_NODES = 5_000
MAX_TEXT = 1_000
ANY = {"type", "enum", "const", "default", "format", "contentEncoding", "contentMediaType"}
TEXTS = {"pattern", "minLength", "maxLength"}
NUMBERS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
ARRAYS = {"minItems", "maxItems", "uniqueItems", "minContains", "maxContains"}
OBJECTS = {"minProperties", "maxProperties", "required", "dependentRequired"}
KEPT = frozenset(ANY | TEXTS | NUMBERS | ARRAYS | OBJECTS)
ONE = frozenset(["items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else"])
MANY = frozenset(["allOf", "anyOf", "oneOf", "prefixItems"])
NAMED = frozenset(["properties", "patternProperties", "dependentSchemas"])
ANNOTATIONS = frozenset(["description", "summary", "title", "example", "examples", "deprecated", "default"])
Schema = dict[str, Any]


class SchemaReader:
    """Reads the schemas of one operation, which share a limit on their size."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._nodes = 0

    def read(self, schema: Any, path: Path, inside: tuple[str, ...] = ()) -> Schema:
        """Read a schema. `inside`: the references around it, so that cycles are cut. Raises UnusableError."""
        self._nodes += 1
        if self._nodes > MAX_ALL_NODES:
            raise UnusableError(f"The schema is over {MAX_ALL_NODES} parts large.", path)
        if isinstance(schema, bool):
            return {} if schema else {"not": {}}
        if not isinstance(schema, Mapping):
            raise UnusableError("A schema must be an object.", path)
        if isinstance(schema.get("$ref"), str):
            return self._reference(schema, path, inside)
        if "$dynamicRef" in schema:
            raise UnusableError("`$dynamicRef` is not followed here.", path)
        return self._object(schema, path, inside)

    def _reference(self, schema: Mapping[str, Any], path: Path, inside: tuple[str, ...]) -> Schema:
        reference = schema["$ref"]
        target, at = self._document.target(reference, path)
        if reference in inside or len(inside) >= MAX_INSIDE or self._nodes > MAX_NODES:
            return _cut(reference, target)
        read = self.read(target, at, (*inside, reference))
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        notes = self._object({key: beside[key] for key in beside if key in ANNOTATIONS}, path, inside)
        if self._document.old or beside.keys() <= ANNOTATIONS:
            return {**read, **notes}
        return {"allOf": [read], **self._object(beside, path, inside)}

    def _object(self, schema: Mapping[str, Any], path: Path, inside: tuple[str, ...]) -> Schema:
        read: Schema = {}
        if text := schema.get("description"):
            read["description"] = shortened(str(text), MAX_TEXT)
        read |= {key: value for key, value in schema.items() if key in KEPT}
        read |= {key: self._one(value, [*path, key], inside) for key, value in schema.items() if key in ONE}
        read |= {key: self._many(value, [*path, key], inside) for key, value in schema.items() if key in MANY}
        read |= {key: self._named(value, [*path, key], inside) for key, value in schema.items() if key in NAMED}
        _keep_examples(read, schema)
        _drop_read_only(read, schema)
        repair(read)
        tell_forms_apart(read, schema)
        return _from_old(read, schema) if self._document.old else read

    def _one(self, value: Any, path: Path, inside: tuple[str, ...]) -> Any:
        return value if isinstance(value, bool) else self.read(value, path, inside)

    def _many(self, value: Any, path: Path, inside: tuple[str, ...]) -> list[Schema]:
        if not isinstance(value, list) or not value:
            raise UnusableError("There must be a list of schemas here.", path)
        return [self.read(each, [*path, number], inside) for number, each in enumerate(value)]

    def _named(self, value: Any, path: Path, inside: tuple[str, ...]) -> dict[str, Schema]:
        if not isinstance(value, Mapping):
            raise UnusableError("There must be schemas by name here.", path)
        return {name: self.read(each, [*path, name], inside) for name, each in value.items()}


def shortened(text: str, limit: int) -> str:
    """Text for the model, cut to a sensible length."""
    text = text.strip()
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _cut(reference: str, target: Any) -> Schema:
    """The schema in place of one that would never end: anything of its type is valid."""
    stub: Schema = {"description": f"Another {reference.rsplit('/', 1)[-1]}; what it holds is not shown again here."}
    if isinstance(target, Mapping) and isinstance(target.get("type"), str) and not target.get("nullable"):
        stub["type"] = target["type"]
    repair(stub)
    return stub


def _keep_examples(read: Schema, schema: Mapping[str, Any]) -> None:
    examples = [schema["example"]] if "example" in schema else schema.get("examples")
    if isinstance(examples, list) and examples and len(str(examples[:3])) <= MAX_TEXT:
        read["examples"] = examples[:3]


def _drop_read_only(read: Schema, schema: Mapping[str, Any]) -> None:
    """Read-only properties are not asked of the model (3.1, 4.8.24; 3.0, 4.7.24)."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return
    dropped = [name for name, each in properties.items() if isinstance(each, Mapping) and each.get("readOnly") is True]
    for name in dropped:
        del read["properties"][name]
    if dropped and isinstance(read.get("required"), list):
        read["required"] = [name for name in read["required"] if name not in dropped]


def _from_old(read: Schema, schema: Mapping[str, Any]) -> Schema:
    """Translate 3.0: exclusive bounds are flags there, and null is no type."""
    for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(read.get(flag), bool):
            exclusive = read.pop(flag)
            if exclusive and bound in read:
                read[flag] = read.pop(bound)
    return _nullable(read) if schema.get("nullable") is True else read


def _nullable(read: Schema) -> Schema:
    if isinstance(read.get("enum"), list) and None not in read["enum"]:
        read["enum"] = [*read["enum"], None]
    if isinstance(read.get("type"), str):
        return {**read, "type": [read["type"], "null"]}
    if not read.keys() & {"allOf", "anyOf", "oneOf", "not"}:
        return read
    notes: Schema = {key: read.pop(key) for key in ("description", "default", "examples") if key in read}
    return {**notes, "anyOf": [read, {"type": "null"}]}
