"""Stage four: one schema for the model of all an operation's inputs, and the map back to the request."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from attache.apps.manifest import HEADER_NAME
from attache.apps.openapi.document import Document, UnusableError
from attache.apps.openapi.operations import Body, Operation, Parameter
from attache.apps.openapi.schemas import MAX_TEXT, Schema, SchemaReader, shortened
from attache.tools.http_tool import Binding, Place, Style

Reserved = Collection[tuple[str, str]]
MAX_ARGUMENT = 64
QUERY_STYLES: tuple[Style, ...] = ("form", "spaceDelimited", "pipeDelimited", "deepObject")
AS_TEXT = (None, "*/*", "text/plain")  # formats of parameters that are sent as plain values
# set by the transport, or to be ignored as parameters (3.1, 4.8.12.2)
TRANSPORT = {"connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding"}
OWN_HEADERS = frozenset(
    TRANSPORT | {"accept", "accept-encoding", "authorization", "content-type", "cookie", "idempotency-key"}
)
_NOT_A_WORD = re.compile(r"[^a-zA-Z0-9_.-]+")
_COMBINED = ("allOf", "anyOf", "oneOf", "not", "if", "patternProperties", "additionalProperties", "minProperties")


@dataclass(frozen=True)
class Input:
    """One input for the model, before its name is final."""

    place: Place
    name: str
    schema: Schema
    required: bool
    binding: Binding


@dataclass(frozen=True)
class Inputs:
    """Everything an operation takes: the schema, and where each argument goes."""

    schema: Schema
    bindings: tuple[Binding, ...]


def read_inputs(document: Document, operation: Operation, reserved: Reserved = ()) -> Inputs:
    """The inputs of an operation. `reserved`: (place, lower-case name) of inputs that the secret fills, not the model.

    Raises UnusableError.
    """
    try:
        return _read_inputs(document, operation, reserved)
    except RecursionError:
        raise UnusableError("Its schemas are nested too deeply.", operation.at) from None


def _read_inputs(document: Document, operation: Operation, reserved: Reserved) -> Inputs:
    reader = SchemaReader(document)
    inputs = [_parameter(reader, each) for each in operation.parameters if _is_asked(each, reserved)]
    if operation.body:
        inputs += _body(reader, operation.body)
    named = list(_named(inputs))
    schema = _schema(named)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = ".".join(map(str, error.absolute_path))
        raise UnusableError(f"This is not a valid schema: {where}: {error.message}", operation.at) from None
    return Inputs(schema, tuple(each.binding for each in named))


def _is_asked(parameter: Parameter, reserved: Reserved) -> bool:
    if (parameter.place, parameter.name.lower()) in reserved:
        return False
    if parameter.place == "cookie":
        if parameter.required:
            raise UnusableError("It needs a cookie, and none are sent.", parameter.path)
        return False
    if parameter.place != "header":
        return True
    if not re.fullmatch(HEADER_NAME, parameter.name):
        raise UnusableError(f"{parameter.name!r} is no name of a header.", parameter.path)
    return parameter.name.lower() not in OWN_HEADERS


def _parameter(reader: SchemaReader, parameter: Parameter) -> Input:
    schema = reader.read(parameter.schema, parameter.path)
    if parameter.description:
        schema["description"] = shortened(parameter.description, MAX_TEXT)
    style = _style(parameter)
    explode = style == "form" if parameter.explode is None else parameter.explode
    place: Place = "path" if parameter.place == "path" else "query" if parameter.place == "query" else "header"
    binding = Binding(argument="", place=place, name=parameter.name, style=style, explode=explode)
    return _input(schema, parameter.required, binding)


def _style(parameter: Parameter) -> Style:
    if parameter.media_type not in AS_TEXT:
        if not parameter.media_type.startswith("application/json"):
            raise UnusableError(f"A parameter as {parameter.media_type} cannot be sent.", parameter.path)
        return "json"
    style = parameter.style or ("form" if parameter.place == "query" else "simple")
    for known in QUERY_STYLES if parameter.place == "query" else ("simple",):
        if known == style:
            return known
    raise UnusableError(f"A {parameter.place} parameter in style {style!r} cannot be sent.", parameter.path)


def _body(reader: SchemaReader, body: Body) -> list[Input]:
    """The members of a plain object become separate arguments; any other body is one argument."""
    schema = reader.read(body.schema, body.path)
    if not _is_plain_object(schema, body.required):
        if body.description:
            schema.setdefault("description", shortened(body.description, MAX_TEXT))
        return [_input(schema, body.required, Binding(argument="", place="body", name="body"))]
    required = schema.get("required", [])
    return [
        _input(each, name in required, Binding(argument="", place="body_property", name=name))
        for name, each in schema["properties"].items()
    ]


def _is_plain_object(schema: Schema, is_required: bool) -> bool:
    """Whether the members describe the whole body: no other members, and no requirements of an optional body."""
    if schema.get("type") != "object" or not schema.get("properties"):
        return False
    if schema.get("additionalProperties") is False:
        schema = {key: value for key, value in schema.items() if key != "additionalProperties"}
    return not any(word in schema for word in _COMBINED) and (is_required or not schema.get("required"))


def _input(schema: Schema, required: bool, binding: Binding) -> Input:
    """A required input with a default is optional for the model, and filled in."""
    fill = required and "default" in schema
    return Input(binding.place, binding.name, schema, required and not fill, binding.model_copy(update={"fill": fill}))


def _named(inputs: list[Input]) -> Iterator[Input]:
    """Give arguments names that every provider accepts, without clashes: path first, then query, header, body."""
    taken: set[str] = set()
    order = {"path": 0, "query": 1, "header": 2, "body_property": 3, "body": 4}
    names: dict[int, str] = {}
    for number, each in sorted(enumerate(inputs), key=lambda pair: order[pair[1].place]):
        names[number] = _free_name(each, taken)
        taken.add(names[number])
    for number, each in enumerate(inputs):
        yield replace(each, binding=each.binding.model_copy(update={"argument": names[number]}))


def _free_name(each: Input, taken: Collection[str]) -> str:
    word = _NOT_A_WORD.sub("_", each.name).strip("_")[:MAX_ARGUMENT] or each.place
    if word not in taken:
        return word
    prefixed = f"{each.place.removesuffix('_property')}_{word}"[: MAX_ARGUMENT - 3]
    numbered = (f"{prefixed}_{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (prefixed, *numbered) if name not in taken)


def _schema(inputs: list[Input]) -> Schema:
    properties: Mapping[str, Any] = {each.binding.argument: each.schema for each in inputs}
    required = [each.binding.argument for each in inputs if each.required]
    schema: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**schema, "required": required} if required else schema
