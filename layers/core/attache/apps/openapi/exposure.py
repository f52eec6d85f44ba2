"""Stage three: which operations become tools, and what the manifest says about each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from attache.apps.manifest import ApiTools, Expose
from attache.apps.openapi.operations import METHODS, Operation
from attache.apps.problems import LeftOut, suggestion


@dataclass(frozen=True)
class Exposed:
    """An operation that becomes a tool. `choice`: its entry in the manifest, if it is named there."""

    operation: Operation
    choice: Expose | None = None


@dataclass(frozen=True)
class Missing:
    """Something missing that the manifest names (entry `number` of `expose`, or a `tag` or `path`), and why."""

    path: tuple[str | int, ...]
    reason: str


def expose(
    tools: ApiTools, operations: Sequence[Operation], unreadable: Sequence[LeftOut]
) -> tuple[list[Exposed], list[Missing]]:
    """The operations to expose: first those that the manifest names, then others; each in the order of its file."""
    chosen: dict[str, Exposed] = {}
    missing: list[Missing] = []
    for number, choice in enumerate(tools.expose):
        operation = find_operation(choice.operation, operations)
        path = ("expose", number, "operation")
        if operation is None:
            missing.append(Missing(path, why_not(choice.operation, operations, unreadable)))
        elif operation.title in chosen:
            missing.append(Missing(path, f"{operation.title} is exposed twice; leave one out."))
        else:
            chosen[operation.title] = Exposed(operation, choice)
    for operation in operations:
        if operation.title not in chosen and _is_wanted(tools, operation):
            chosen[operation.title] = Exposed(operation)
    return list(chosen.values()), missing + _idle_filters(tools, operations)


def find_operation(name: str, operations: Sequence[Operation]) -> Operation | None:
    """The operation called `GET /prices/{symbol}`, or with that operationId."""
    title = _title(name)
    return next((each for each in operations if title == each.title or name == each.operation_id), None)


def _title(name: str) -> str:
    """`get  /prices` → `GET /prices`; an operationId stays as it is."""
    method, _, path = name.partition(" ")
    return f"{method.upper()} {path.strip()}" if method.lower() in METHODS and path else name


def why_not(name: str, operations: Sequence[Operation], unreadable: Sequence[LeftOut]) -> str:
    """Why there is no operation of this name."""
    title = _title(name)
    for left_out in unreadable:
        if left_out.operation in (title, f"* {title.partition(' ')[2]}") or left_out.operation_id == name:
            return f"{name} cannot be used ({left_out.place}): {left_out.reason}"
    known = [each.title for each in operations] + [each.operation_id for each in operations if each.operation_id]
    return f"The description has no operation {name!r}.{suggestion(title, known)}"


def _is_wanted(tools: ApiTools, operation: Operation) -> bool:
    if not (tools.expose or tools.tags or tools.paths):
        return True
    if set(tools.tags) & set(operation.tags):
        return True
    return any(fnmatchcase(operation.path, pattern) for pattern in tools.paths)


def _idle_filters(tools: ApiTools, operations: Sequence[Operation]) -> list[Missing]:
    """Tags and paths that match nothing, which are probably misspelt."""
    tags = {tag for operation in operations for tag in operation.tags}
    paths = {operation.path for operation in operations}
    idle = [
        Missing(("tags", number), f"No operation has the tag {tag!r}.{suggestion(tag, tags)}")
        for number, tag in enumerate(tools.tags)
        if tag not in tags
    ]
    return idle + [
        Missing(("paths", number), f"No path matches {pattern!r}.{suggestion(pattern, paths)}")
        for number, pattern in enumerate(tools.paths)
        if not any(fnmatchcase(path, pattern) for path in paths)
    ]
