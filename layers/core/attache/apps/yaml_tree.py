"""YAML as a tree of plain data with line numbers, by the rules of YAML 1.2 as OpenAPI requires (its 4.3).

`no` is a word, a date is a string, keys are strings. Tags, a second document, repeated keys, and aliases that expand
too far are refused. It is built from PyYAML's events without recursion, because PyYAML's own composer overflows the C
stack on deep nesting.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_NODES = 1_000_000
_TAG_STR = "tag:yaml.org,2002:str"
_INT = re.compile(r"[-+]?[0-9]{1,1000}|0o[0-7]{1,1000}|0x[0-9a-fA-F]{1,1000}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS = {
    word: value
    for value, words in {None: "~ null Null NULL", True: "true True TRUE", False: "false False FALSE"}.items()
    for word in words.split()
}
_WORDS[""] = None


class YamlError(Exception):
    """The text is not YAML that we accept; `line` counts from 1."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(eq=False)
class Node:
    """A value and the line it begins on. `size`: the number of values in it, aliases expanded."""

    line: int
    data: Any = None
    members: dict[str | int, tuple[int, Node]] = field(default_factory=dict)
    size: int = 1
    key: str | None = None
    key_line: int = 0

    def line_of(self, path: Sequence[str | int]) -> int:
        """The line of the last part of `path` that exists (of its key, in a mapping)."""
        line, node = self.line, self
        for part in path:
            member = node.members.get(part) or node.members.get(str(part))
            if member is None:
                break
            line, node = member
        return line


def read_tree(text: str) -> Node:
    """The single document in `text`. Raises YamlError."""
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise YamlError(f"This is not valid YAML: {error.problem or error.context}.", line) from None
    except yaml.YAMLError as error:
        raise YamlError(f"This is not valid YAML: {' '.join(str(error).split())}.") from None
    if builder.root is None:
        raise YamlError("This file is empty.")
    return builder.root


class _Builder:
    """Assembles events; `_open` are the unfinished collections, outermost first."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._anchors: dict[str, Node] = {}

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0
        match event:
            case yaml.DocumentStartEvent() if self.root:
                raise YamlError("There is a second document (`---`) in this file.", line)
            case yaml.AliasEvent():
                self._place(self._aliased(event.anchor, line), line)
            case yaml.ScalarEvent():
                self._scalar(event, line)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._start(event, line)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._place(self._open.pop(), line)

    def _aliased(self, anchor: str | None, line: int) -> Node:
        node = self._anchors.get(anchor or "")
        if node is None or any(node is parent for parent in self._open):
            raise YamlError(f"The alias *{anchor} names nothing before it, or what it stands in.", line)
        return node

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        parent = self._open[-1] if self._open else None
        if parent is not None and isinstance(parent.data, dict) and parent.key is None:
            self._key(parent, event, line)
            return
        _refuse_tag(event.tag, line)
        plain = event.implicit[0]
        node = Node(line, _value(event.value) if plain else event.value)
        self._remember(event.anchor, node)
        self._place(node, line)

    def _key(self, parent: Node, event: yaml.ScalarEvent, line: int) -> None:
        if event.value in parent.members:
            raise YamlError(f"The key {event.value!r} is there twice.", line)
        parent.key, parent.key_line = event.value, line

    def _start(self, event: yaml.CollectionStartEvent, line: int) -> None:
        _refuse_tag(event.tag, line)
        node = Node(line, {} if isinstance(event, yaml.MappingStartEvent) else [])
        self._remember(event.anchor, node)
        self._open.append(node)

    def _remember(self, anchor: str | None, node: Node) -> None:
        if anchor:
            self._anchors[anchor] = node

    def _place(self, node: Node, line: int) -> None:
        """Put a finished node where it belongs."""
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        parent.size += node.size
        if parent.size > MAX_NODES:
            raise YamlError("This file, with its aliases (`*name`) written out, is too large.", line)
        if isinstance(parent.data, list):
            parent.members[len(parent.data)] = (node.line, node)
            parent.data.append(node.data)
        else:
            _place_member(parent, node, line)


def _place_member(parent: Node, node: Node, line: int) -> None:
    if parent.key is None:
        raise YamlError("A key must be a plain word.", line)
    parent.members[parent.key] = (parent.key_line, node)
    if parent.key == "<<":
        _merge(parent, node, line)
    else:
        parent.data[parent.key] = node.data
    parent.key = None


def _merge(parent: Node, node: Node, line: int) -> None:
    """YAML 1.1's merge key, which people use with anchors; a mapping's own keys win wherever they stand."""
    for part in node.data if isinstance(node.data, list) else [node.data]:
        if not isinstance(part, dict):
            raise YamlError("`<<` merges mappings only.", line)
        for key, value in part.items():
            parent.data.setdefault(key, value)


def _refuse_tag(tag: str | None, line: int) -> None:
    if tag not in (None, "!", _TAG_STR):
        raise YamlError(f"The tag {tag} is not read here; write plain values.", line)


def _value(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text
