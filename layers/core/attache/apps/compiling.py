"""Compiling a described app: the result is the app to deploy and a report, or every reason why not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from attache.apps.app import App
from attache.apps.folder import Described
from attache.apps.manifest_reading import as_written
from attache.apps.openapi.compiling import Compiled, Draft, compile_description, tokens
from attache.apps.openapi.names import tool_names, with_hash
from attache.apps.openapi.servers import BadServerError, checked_server, is_loopback_server
from attache.apps.problems import CannotDeploy, Problem, Report, Taken
from attache.errors import BadInput
from attache.tools.document_tool import NAME as SEARCH
from attache.tools.document_tool import DocumentTool
from attache.tools.http_tool import HttpTool

CheckModel = Callable[[str], object]
MAX_TOOLS = 128
VERSION_LENGTH = 16


@dataclass(frozen=True)
class _Api:
    """One entry of the manifest's `tools`, compiled; `number` is its index there."""

    number: int
    compiled: Compiled


def compile_app(
    described: Described, *, allow_loopback: bool, check_model: CheckModel | None = None
) -> tuple[App, Report]:
    """Compile an app. `allow_loopback`: accept servers on this machine, for the local stack. Raises CannotDeploy.

    `check_model` raises BadInput for a model that there is not; without it, every name passes.
    """
    problems: list[Problem] = list(_unknown_models(described, check_model)) if check_model else []
    apis = list(_apis(described, problems))
    drafts = [draft for api in apis for draft in api.compiled.drafts]
    tools = [
        draft.tool.model_copy(update={"name": name})
        for draft, name in zip(drafts, tool_names([each.wanted for each in drafts]), strict=True)
    ]
    problems += [problem for api in apis for problem in _missing(described, api)]
    problems += _names_twice(described, tools)
    problems += _too_many(described, tools)
    problems += _outlasting(described)
    problems += [] if allow_loopback else _loopback(described, tools)
    if problems:
        raise CannotDeploy(problems)
    return _app(described, tools), _report(described, apis, drafts, tools)


def _apis(described: Described, problems: list[Problem]) -> Iterator[_Api]:
    required = {secret.name: secret.required for secret in described.manifest.secrets}
    for number, (tools, document) in enumerate(zip(described.manifest.tools, described.documents, strict=True)):
        try:
            server = checked_server(tools.server) if tools.server else None
        except BadServerError as error:
            problems.append(Problem(_place(described, number, "server"), f"{tools.server!r}: {error}"))
            continue
        yield _Api(number, compile_description(document, tools, server, required))


def _missing(described: Described, api: _Api) -> Iterator[Problem]:
    for each in api.compiled.missing:
        yield Problem(_place(described, api.number, *each.path), each.reason)
    if not api.compiled.drafts and not api.compiled.missing:
        reasons = "".join(f"\n  {left_out}" for left_out in api.compiled.left_out[:5])
        yield Problem(_place(described, api.number, "openapi"), f"None of its operations can be used.{reasons}")


def _unknown_models(described: Described, check_model: CheckModel) -> Iterator[Problem]:
    models = described.manifest.models
    said = {"default": models.default, "fallback": models.fallback, "title": models.title}
    places: list[tuple[list[str | int], str]] = [([what], model) for what, model in said.items() if model is not None]
    places += [(["allowed", number], model) for number, model in enumerate(models.allowed) if not _is_pattern(model)]
    for path, model in places:
        try:
            check_model(model)
        except BadInput as error:
            yield Problem(described.source.place(["models", *path]), error.message)


def _is_pattern(model: str) -> bool:
    return any(sign in model for sign in "*?[")


def _names_twice(described: Described, tools: Sequence[HttpTool]) -> Iterator[Problem]:
    called = [(tool.name, f"{tool.method} {tool.path}") for tool in tools]
    called += [(request.name, f"wallet {request.request}") for request in described.manifest.wallet]
    names = [name for name, _ in called]
    for name in sorted({name for name in names if names.count(name) > 1}):
        operations = " and ".join(what for each, what in called if each == name)
        yield Problem(
            _place(described), f"The tool name {name} is used twice, by {operations}; choose another for one."
        )


def _too_many(described: Described, tools: Sequence[HttpTool]) -> Iterator[Problem]:
    number = len(tools) + len(described.manifest.wallet) + (described.manifest.documents is not None)
    if number > MAX_TOOLS:
        how = "Narrow them by `expose`, `tags` or `paths`."
        yield Problem(_place(described), f"These are {number} tools; a model is shown {MAX_TOOLS} at most. {how}")


def _outlasting(described: Described) -> Iterator[Problem]:
    """Steps that may take longer than the entry is kept that waits for them: nobody would be told of their end."""
    kept = described.manifest.retention_days * 86_400
    for number, api in enumerate(described.manifest.tools):
        for place, exposed in enumerate(api.expose):
            if exposed.steps and exposed.steps.limit > kept:
                words = f"`limit` is longer than messages are kept, which `retention_days` makes {kept:,} seconds."
                yield Problem(_place(described, number, "expose", place, "steps"), words)


def _loopback(described: Described, tools: Sequence[HttpTool]) -> Iterator[Problem]:
    for server in sorted({tool.server for tool in tools if is_loopback_server(tool.server)}):
        yield Problem(
            _place(described), f"The server {server} is this machine itself; only the local stack reaches it."
        )


def _app(described: Described, tools: Sequence[HttpTool]) -> App:
    manifest = described.manifest
    app = App(
        name=manifest.name,
        title=manifest.title or manifest.name,
        version="",
        preamble=manifest.preamble,
        models=manifest.models.choice,
        tools=tuple(tools),
        wallet_tools=tuple(request.tool for request in manifest.wallet),
        documents=_search(described, tools),
        secrets=tuple(secret.declaration for secret in manifest.secrets),
        max_steps=manifest.max_steps,
        retention_days=manifest.retention_days,
    )
    return versioned(app)


def _search(described: Described, tools: Sequence[HttpTool]) -> DocumentTool | None:
    """The tool of an app that has documents; an operator's own of that name keeps it."""
    if described.manifest.documents is None:
        return None
    taken = {tool.name for tool in tools} | {request.name for request in described.manifest.wallet}
    return DocumentTool() if SEARCH not in taken else DocumentTool(name=with_hash(SEARCH, "documents"))


def versioned(app: App) -> App:
    """The app with the hash of its content as its version."""
    content = json.dumps(app.model_dump(mode="json", exclude={"version"}), sort_keys=True)
    return app.model_copy(update={"version": sha256(content.encode()).hexdigest()[:VERSION_LENGTH]})


def _report(described: Described, apis: Sequence[_Api], drafts: Sequence[Draft], tools: Sequence[HttpTool]) -> Report:
    taken = tuple(
        Taken(tool.name, draft.operation.title, tool.safe, tokens(tool.spec))
        for tool, draft in zip(tools, drafts, strict=True)
    )
    asked = tuple(
        Taken(each.name, f"wallet {each.request}", True, tokens(each.tool.spec)) for each in described.manifest.wallet
    )
    search = _search(described, tools)
    found = (Taken(search.name, "documents", True, tokens(search.spec)),) if search else ()
    warnings = [warning for api in apis for warning in api.compiled.warnings]
    left_out = tuple(each for api in apis for each in api.compiled.left_out)
    return Report(taken + asked + found, left_out, (*warnings, *_cautions(described, tools)))


def _cautions(described: Described, tools: Sequence[HttpTool]) -> Iterator[Problem]:
    for server in sorted({tool.server for tool in tools}):
        if is_loopback_server(server):
            yield Problem(_place(described), f"{server} is this machine itself: it works on the local stack only.")
        elif urlsplit(server).scheme == "http":
            yield Problem(_place(described), f"{server} is not encrypted; secrets travel there in plain text.")
    for path in described.files.left_out if described.files else ():
        yield Problem(described.source.place(["documents"]), f"{path} is no document; it is left out.")


def _place(described: Described, *path: str | int) -> str:
    return described.source.place(as_written(described.source, ["tools", *path]))
