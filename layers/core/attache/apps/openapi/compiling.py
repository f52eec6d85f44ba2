"""The last stage: exposed operations become tools, still without their final names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from attache.apps.manifest import ApiTools, Expose
from attache.apps.openapi.document import Document, UnusableError
from attache.apps.openapi.exposure import Exposed, Missing, expose, find_operation, why_not
from attache.apps.openapi.names import Wanted
from attache.apps.openapi.operations import Operation, read_operations
from attache.apps.openapi.parameters import Reserved, read_inputs
from attache.apps.openapi.schemas import MAX_TEXT, shortened
from attache.apps.openapi.servers import server_of
from attache.apps.problems import LeftOut, Problem
from attache.tools.http_tool import HttpTool, Steps, ToolAuth
from attache.tools.tool import ToolSpec

POLL = "poll"  # the name of every polled operation; no model sees it
SAFE_METHODS = ("GET", "HEAD")


@dataclass(frozen=True)
class Draft:
    """A tool whose name is still empty, the name it should get, and its operation."""

    tool: HttpTool
    wanted: Wanted
    operation: Operation


class NoStepsError(Exception):
    """The manifest's `steps` of an operation are impossible; `key` says which part of them."""

    def __init__(self, choice: Expose, key: str, reason: str) -> None:
        super().__init__(reason)
        self.choice = choice
        self.key = key


@dataclass(frozen=True)
class Compiled:
    """The result of compiling one description."""

    drafts: tuple[Draft, ...]
    left_out: tuple[LeftOut, ...]
    missing: tuple[Missing, ...]
    warnings: tuple[Problem, ...]


def compile_description(
    document: Document, tools: ApiTools, server: str | None, required: Mapping[str, bool]
) -> Compiled:
    """Compile the operations that `tools` exposes. `server` replaces the description's; `required`: by secret's name.

    An operation that cannot be used is left out; if the manifest names it, that is an error.
    """
    operations, unreadable = read_operations(document)
    exposed, missing = expose(tools, operations, unreadable)
    left_out = [] if tools.expose and not (tools.tags or tools.paths) else [*unreadable]  # else nobody asked for them
    auth = tools.auth.tool_auth(required.get(tools.auth.secret, True)) if tools.auth else None
    drafts: list[Draft] = []
    for each in exposed:
        try:
            draft = _draft(document, tools, each, server, auth)
            if polled := _polled(each, operations, unreadable):
                draft = _with_steps(draft, each, _draft(document, tools, polled, server, auth))
            drafts.append(draft)
        except NoStepsError as error:
            missing.append(Missing(("expose", tools.expose.index(error.choice), "steps", error.key), str(error)))
        except UnusableError as error:
            lost = LeftOut(each.operation.title, document.source.place(error.path), error.reason)
            left_out.append(lost)
            if each.choice:
                missing.append(_missing(tools, each.choice, lost))
    return Compiled(tuple(drafts), tuple(left_out), tuple(missing), tuple(_warnings(document, tools, drafts)))


def _draft(document: Document, tools: ApiTools, exposed: Exposed, server: str | None, auth: ToolAuth | None) -> Draft:
    operation, choice = exposed.operation, exposed.choice or Expose(operation=exposed.operation.title)
    inputs = read_inputs(document, operation, _reserved(auth))
    safe = operation.method in SAFE_METHODS if choice.idempotent is None else choice.idempotent
    tool = HttpTool(
        name="",
        description=choice.description or _description(operation),
        parameters=inputs.schema,
        method=operation.method,
        server=server or server_of(operation, document),
        path=operation.path,
        bindings=inputs.bindings,
        body_type=operation.body.media_type if operation.body else None,
        body_required=bool(operation.body and operation.body.required),
        auth=auth,
        safe=safe,
        confirm=choice.confirm,
        later=choice.later,
        timeout=choice.timeout or tools.timeout,
    )
    words = operation.operation_id or operation.title
    return Draft(tool, Wanted(words, f"{document.source.name} {operation.title}", choice.name), operation)


def _polled(exposed: Exposed, operations: Sequence[Operation], unreadable: Sequence[LeftOut]) -> Exposed | None:
    """The operation that is polled for the outcome of another. Raises NoStepsError."""
    choice = exposed.choice
    if choice is None or choice.steps is None:
        return None
    operation = find_operation(choice.steps.poll, operations)
    if operation is None:
        raise NoStepsError(choice, "poll", why_not(choice.steps.poll, operations, unreadable))
    return Exposed(operation)


def _with_steps(draft: Draft, exposed: Exposed, polled: Draft) -> Draft:
    """The draft with the operation to poll for its outcome. Raises NoStepsError."""
    choice = exposed.choice
    assert choice is not None
    assert choice.steps is not None
    said, poll, title = choice.steps, polled.tool, polled.operation.title
    if not poll.safe:
        raise NoStepsError(choice, "poll", f"{title} may change something: only a GET is polled.")
    unknown = said.arguments.keys() - poll.parameters.get("properties", {}).keys()
    lacking = set(poll.parameters.get("required", ())) - said.arguments.keys()
    if unknown or lacking:
        names = ", ".join(sorted(unknown or lacking))
        raise NoStepsError(choice, "arguments", f"{title} {'has no' if unknown else 'also needs'} {names}.")
    steps = Steps(poll=poll.model_copy(update={"name": POLL}), **said.model_dump(exclude={"poll"}))
    return replace(draft, tool=draft.tool.model_copy(update={"steps": steps, "later": True}))


def _reserved(auth: ToolAuth | None) -> Reserved:
    return [(auth.place, auth.name.lower())] if auth else ()


def _description(operation: Operation) -> str:
    """The operation's description, from which a model chooses tools."""
    said = dict.fromkeys(text for text in (operation.summary, operation.description) if text)
    text = shortened("\n".join(said) or operation.title, MAX_TEXT)
    return f"{text}\nDeprecated." if operation.deprecated else text


def _missing(tools: ApiTools, choice: Expose, lost: LeftOut) -> Missing:
    path = ("expose", tools.expose.index(choice), "operation")
    return Missing(path, f"{choice.operation} cannot be used ({lost.place}): {lost.reason}")


def _warnings(document: Document, tools: ApiTools, drafts: list[Draft]) -> Iterator[Problem]:
    secured = [draft.operation.title for draft in drafts if draft.operation.secured]
    if secured and not tools.auth:
        more = f" and {len(secured) - 1} more need" if len(secured) > 1 else " needs"
        message = f"{secured[0]}{more} authorization by this description, and there is no `auth:`."
        yield Problem(document.source.place(["security"]), message)
    assumed = [draft.tool.server for draft in drafts if not draft.operation.servers]
    if assumed and not tools.server and not document.data.get("servers"):
        message = f"It names no server, so requests go to {assumed[0]}, where it was fetched; `server:` says another."
        yield Problem(document.source.name, message)


def tokens(tool: ToolSpec) -> int:
    """Roughly what a tool adds to a prompt, at four characters a token."""
    shown = json.dumps([tool.name, tool.description, tool.parameters], separators=(",", ":"))
    return len(shown) // 4
