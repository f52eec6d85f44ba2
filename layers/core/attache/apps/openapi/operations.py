"""Stage two: a description's paths as operations, with references to parameters and bodies followed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from attache.apps.openapi.document import Document, UnusableError
from attache.apps.problems import LeftOut
from attache.apps.source import Path

METHODS = ("get", "head", "post", "put", "patch", "delete")
NOT_CALLED = ("options", "trace")
PLACES = ("path", "query", "header", "cookie")
_TEMPLATE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Parameter:
    """A parameter as described; `schema` is still OpenAPI's. `media_type`: the format its value is sent in."""

    name: str
    place: str
    required: bool
    schema: Any
    path: Path
    description: str = ""
    style: str | None = None
    explode: bool | None = None
    media_type: str | None = None


@dataclass(frozen=True)
class Body:
    """A request body in the one JSON media type that we send."""

    media_type: str
    schema: Any
    path: Path
    required: bool
    description: str = ""


@dataclass(frozen=True)
class Operation:
    """One method on one path. `place`: file and line; `servers`: its own or its path's, nearest first."""

    method: str
    path: str
    place: str
    at: Path
    operation_id: str | None = None
    tags: tuple[str, ...] = ()
    summary: str = ""
    description: str = ""
    deprecated: bool = False
    secured: bool = False
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    servers: tuple[Any, ...] = ()

    @property
    def title(self) -> str:
        return f"{self.method} {self.path}"


def read_operations(document: Document) -> tuple[list[Operation], list[LeftOut]]:
    """All operations in the order of the file, and those that cannot be used."""
    operations: list[Operation] = []
    left_out: list[LeftOut] = []
    for method, path, at in _routes(document):
        try:
            operations.append(_operation(document, method, path, at))
        except UnusableError as error:
            place, operation_id = document.source.place(error.path), _operation_id(document, method, path)
            left_out.append(LeftOut(f"{method.upper()} {path}", place, error.reason, operation_id))
    return operations, left_out


def _operation_id(document: Document, method: str, path: str) -> str | None:
    """The id of an operation that cannot be read otherwise."""
    try:
        item, at = document.resolve(document.data["paths"][path], ["paths", path])
        return _text(document.resolve(item.get(method), at)[0], "operationId") or None
    except UnusableError:
        return None


def _routes(document: Document) -> Iterator[tuple[str, str, Path]]:
    for path in document.data["paths"]:
        at: Path = ["paths", path]
        if path.startswith("x-"):
            continue
        try:
            item, at = document.resolve(document.data["paths"][path], at)
        except UnusableError:
            yield "*", path, at
            continue
        yield from ((method, path, [*at, method]) for method in (*METHODS, *NOT_CALLED) if method in item)


def _operation(document: Document, method: str, path: str, at: Path) -> Operation:
    if method not in METHODS:
        document.resolve(document.data["paths"][path], at)  # raises if the path itself is wrong
        raise UnusableError(f"{method.upper()} is no call of an API.", at)
    if not path.startswith("/") or re.search(r"[?#\s]", path):
        raise UnusableError("A path begins with `/` and holds no `?`, `#` or space.", at)
    item, item_at = document.resolve(document.data["paths"][path], at[:-1])
    data, at = document.resolve(item[method], at)
    return Operation(
        method=method.upper(),
        path=path,
        place=document.source.place(at),
        at=at,
        operation_id=_text(data, "operationId") or None,
        tags=tuple(tag for tag in _list(data, "tags") if isinstance(tag, str)),
        summary=_text(data, "summary") or _text(item, "summary"),
        description=_text(data, "description") or _text(item, "description"),
        deprecated=data.get("deprecated") is True,
        secured=_secured(data.get("security", document.data.get("security"))),
        parameters=_parameters(document, path, (item, item_at), (data, at)),
        body=_body(document, data, at) if method not in ("get", "head") else None,
        servers=(*_list(data, "servers"), *_list(item, "servers")),
    )


def _parameters(document: Document, path: str, *levels: tuple[Mapping[str, Any], Path]) -> tuple[Parameter, ...]:
    """A path's parameters and an operation's, which override those of the same name and place (3.1, 4.8.10.1)."""
    found: dict[tuple[str, str], Parameter] = {}
    for data, at in levels:
        for number, value in enumerate(_list(data, "parameters")):
            parameter = _parameter(document, value, [*at, "parameters", number])
            found[parameter.place, parameter.name] = parameter
    in_template = _TEMPLATE.findall(path)
    for name in in_template:
        found.setdefault(("path", name), Parameter(name, "path", True, {"type": "string"}, levels[-1][1]))
    return tuple(each for each in found.values() if each.place != "path" or each.name in in_template)


def _parameter(document: Document, value: Any, path: Path) -> Parameter:
    data, path = document.resolve(value, path)
    name, place = data.get("name"), data.get("in")
    if not isinstance(name, str) or not name or place not in PLACES:
        raise UnusableError("A parameter needs a `name`, and `in` as one of path, query, header, cookie.", path)
    media_type, schema, step = None, data.get("schema", {}), ["schema"]
    if isinstance(data.get("content"), Mapping) and data["content"]:
        media_type, content = next(iter(data["content"].items()))
        schema = content.get("schema", {}) if isinstance(content, Mapping) else {}
        step = ["content", media_type, "schema"]
    return Parameter(
        name=name,
        place=place,
        required=place == "path" or data.get("required") is True,
        schema=_with_examples(schema, data),
        path=[*path, *step],
        description=_text(data, "description"),
        style=data.get("style"),
        explode=data.get("explode"),
        media_type=media_type,
    )


def _with_examples(schema: Any, data: Mapping[str, Any]) -> Any:
    if not isinstance(schema, Mapping) or "$ref" in schema or "example" in schema or "example" not in data:
        return schema
    return {**schema, "example": data["example"]}


def _body(document: Document, operation: Mapping[str, Any], at: Path) -> Body | None:
    if operation.get("requestBody") is None:
        return None
    data, path = document.resolve(operation["requestBody"], [*at, "requestBody"])
    content = data.get("content")
    if not isinstance(content, Mapping) or not content:
        raise UnusableError("The request body has no `content`.", path)
    for media_type, value in content.items():
        if _is_json(media_type):
            schema = value.get("schema", {}) if isinstance(value, Mapping) else {}
            sent = "application/json" if "*" in media_type else media_type
            here = [*path, "content", media_type, "schema"]
            return Body(sent, schema, here, data.get("required") is True, _text(data, "description"))
    raise UnusableError(f"The body is {' or '.join(content)}; only JSON can be sent.", [*path, "content"])


def _is_json(media_type: str) -> bool:
    kind = media_type.split(";")[0].strip().lower()
    return kind in ("application/json", "text/json", "*/*", "application/*") or kind.endswith("+json")


def _secured(security: Any) -> bool:
    """Whether a secret is needed; an empty alternative (`{}`) means that none is."""
    return isinstance(security, list) and bool(security) and {} not in security


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value.strip() if isinstance(value, str) else ""


def _list(data: Mapping[str, Any], name: str) -> list[Any]:
    value = data.get(name)
    return value if isinstance(value, list) else []
