"""Stage one: read an OpenAPI description, or refuse it with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from attache.apps.problems import CannotDeploy
from attache.apps.source import Path, Source


class UnusableError(Exception):
    """A part of a description that cannot be used; the operation it belongs to is left out."""

    def __init__(self, reason: str, path: Path) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


@dataclass(frozen=True)
class Document:
    """An OpenAPI description. `url`: where it was fetched, for relative servers; `old`: it is 3.0."""

    source: Source
    old: bool
    url: str | None = None

    @property
    def data(self) -> Mapping[str, Any]:
        data: Mapping[str, Any] = self.source.data
        return data

    def resolve(self, value: Any, path: Path) -> tuple[Mapping[str, Any], Path]:
        """The object at `path` with references followed, and its real path. Raises UnusableError."""
        seen: list[str] = []
        while isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
            reference = value["$ref"]
            if reference in seen:
                raise UnusableError(f"The reference {reference} leads back to itself.", path)
            seen.append(reference)
            value, path = self.target(reference, path)
        if not isinstance(value, Mapping):
            raise UnusableError("There must be an object here.", path)
        return value, path

    def target(self, reference: str, path: Path) -> tuple[Any, Path]:
        """What a reference such as `#/components/...` points to (RFC 6901)."""
        if not reference.startswith("#/") and reference != "#":
            raise UnusableError(
                f"{reference!r} points out of this file; bundle it into one, for example with `redocly bundle`.", path
            )
        steps = [unquote(step).replace("~1", "/").replace("~0", "~") for step in reference.split("/")[1:]]
        value: Any = self.data
        for step in steps:
            value = _member(value, step)
            if value is None:
                raise UnusableError(f"{reference!r} names nothing in this file.", path)
        return value, steps


def read_document(source: Source, url: str | None = None) -> Document:
    """Read a description. Raises CannotDeploy if it is not OpenAPI 3.0 or 3.1."""
    data = source.data
    if not isinstance(data, dict):
        raise CannotDeploy.at(source.name, "This is not an OpenAPI description: there must be an object at its top.")
    if "swagger" in data:
        message = f"This is Swagger {data['swagger']}. Convert it to OpenAPI 3, for example with swagger2openapi."
        raise CannotDeploy.at(source.place(["swagger"]), message)
    if "openapi" not in data:
        raise CannotDeploy.at(source.name, "This is not an OpenAPI description: there is no `openapi: 3.x` at its top.")
    version = str(data["openapi"])
    if not version.startswith(("3.0", "3.1")):
        raise CannotDeploy.at(source.place(["openapi"]), f"OpenAPI {version} is not read here; 3.0 and 3.1 are.")
    if not isinstance(data.get("paths"), dict) or not data["paths"]:
        raise CannotDeploy.at(source.place(["paths"]), "There are no `paths` in this description, so nothing to call.")
    return Document(source, version.startswith("3.0"), url)


def _member(value: Any, step: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, list) and step.isdigit() and int(step) < len(value):
        return value[int(step)]
    return None
