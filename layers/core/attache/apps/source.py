"""A YAML or JSON file as plain data that knows the line of every value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from attache.apps.problems import CannotDeploy
from attache.apps.yaml_tree import Node, YamlError, read_tree
from attache.tools.nesting import too_deep

MAX_BYTES = 32_000_000  # GitHub describes its API in 13
TOO_LARGE = f"This file is over {MAX_BYTES // 1_000_000} MB: take out what no tool needs."
MAX_DEPTH = 200
Path = Sequence[str | int]


@dataclass(frozen=True)
class Source:
    """A file's data. `root` is its YAML tree; JSON has none, so its places are paths without lines."""

    name: str
    data: Any
    root: Node | None = None

    def place(self, path: Path = ()) -> str:
        """`openapi.yaml:12 (paths./prices.get)`: the line of the last part of `path` that exists."""
        where = self.name if self.root is None else f"{self.name}:{self.root.line_of(path)}"
        return f"{where} ({'.'.join(map(str, path))})" if path else where


def read_source(name: str, content: bytes) -> Source:
    """Read a file. Raises CannotDeploy, with the line if there is one."""
    if len(content) > MAX_BYTES:
        raise CannotDeploy.at(name, TOO_LARGE)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CannotDeploy.at(name, f"This is not UTF-8 text (byte {error.start}).") from None
    if text.lstrip().startswith("<"):
        raise CannotDeploy.at(name, "This is an HTML or XML page. Give the YAML or JSON file itself.")
    source = _read_json(name, text) or _read_yaml(name, text)
    _check(source)
    return source


def _read_json(name: str, text: str) -> Source | None:
    """The value, or None if this is no JSON: YAML files may begin with a bracket too."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return Source(name, json.loads(text))
    except RecursionError:
        raise CannotDeploy.at(name, "This file is nested too deeply.") from None
    except ValueError:
        return None


def _read_yaml(name: str, text: str) -> Source:
    try:
        root = read_tree(text)
    except YamlError as error:
        raise CannotDeploy.at(f"{name}:{error.line}" if error.line else name, str(error)) from None
    return Source(name, root.data, root)


def _check(source: Source) -> None:
    """Refuse what both formats can express but we cannot handle."""
    if too_deep(source.data, MAX_DEPTH):
        raise CannotDeploy.at(source.name, "This file is nested too deeply.")
    try:
        json.dumps(source.data, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise CannotDeploy.at(source.name, "This file holds half of a surrogate pair (\\ud800 to \\udfff).") from None
    except ValueError:
        raise CannotDeploy.at(
            source.name, "This file holds a number that JSON does not have (NaN, Infinity)."
        ) from None
