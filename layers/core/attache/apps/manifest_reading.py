"""Parsing a manifest: the result is the manifest, or everything that is wrong with it, with line numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from attache.apps.app import ModelChoice
from attache.apps.apps import DEFAULT_APP
from attache.apps.manifest import ApiTools, Auth, Expose, Manifest, Models, Secret, StepsOf, Strict, WalletRequest
from attache.apps.problems import CannotDeploy, Problem, suggestion
from attache.apps.source import Path, Source

_PARTS: dict[tuple[str, ...], type[Strict]] = {
    (): Manifest,
    ("models",): Models,
    ("secrets",): Secret,
    ("wallet",): WalletRequest,
    ("tools",): ApiTools,
    ("tools", "auth"): Auth,
    ("tools", "expose"): Expose,
    ("tools", "expose", "steps"): StepsOf,
}
_PATTERNS = {
    "name": "lower-case letters, digits and `-`, at most 63, a letter or digit first",
    "tools.expose.name": "a tool's name is 1 to 64 letters, digits, `_` and `-`",
    "wallet.name": "a tool's name is 1 to 64 letters, digits, `_` and `-`",
    "wallet.to": "an address is 0x and 40 hexadecimal digits",
    "tools.auth.header": "the name of an HTTP header, such as X-Api-Key",
    "secrets.name": "a secret's name is letters, digits, `_`, `.` and `-`, at most 64, a letter or `_` first",
    "tools.auth.secret": "the name of a secret from `secrets:`",
}


def read_manifest(source: Source) -> Manifest:
    """Parse a manifest. Raises CannotDeploy with every problem."""
    if not isinstance(source.data, dict):
        raise CannotDeploy.at(source.place(), "An app is described by keys and values: `name`, `models`, `tools`.")
    try:
        manifest = Manifest.model_validate(source.data)
    except ValidationError as error:
        wrong = (_problem(source, each) for each in error.errors(include_url=False))
        raise CannotDeploy(dict.fromkeys(wrong)) from None
    problems = list(_contradictions(source, manifest))
    if problems:
        raise CannotDeploy(problems)
    return manifest


def _problem(source: Source, error: ErrorDetails) -> Problem:
    path = as_written(source, error["loc"])
    if path[:1] == ["documents"]:  # one of several types, of which each has an error of its own
        message = f"Say the name of a folder beside app.yaml, or `true`{_instead(error)}."
        return Problem(source.place(path[:1]), message)
    return Problem(source.place(path), _words(error, tuple(part for part in path if isinstance(part, str))))


def as_written(source: Source, path: Iterable[str | int]) -> Path:
    """The path as in the file, where a single API may stand under `tools` without a list."""
    written: list[str | int] = []
    value: Any = source.data
    for part in path:
        if isinstance(part, int) and not isinstance(value, list):
            continue
        written.append(part)
        inside = isinstance(value, list) and isinstance(part, int) and part < len(value)
        value = value[part] if inside else value.get(part) if isinstance(value, dict) else None
    return written


def _words(error: ErrorDetails, names: tuple[str, ...]) -> str:
    match error["type"]:
        case "extra_forbidden":
            known = _keys(names[:-1])
            return f"The key {names[-1]!r} is not known here.{suggestion(names[-1], known)}"
        case "missing":
            return f"`{names[-1]}` is missing."
        case "string_pattern_mismatch":
            return f"{error['input']!r} does not fit: {_PATTERNS.get('.'.join(names), error['msg'])}."
        case "value_error":
            return error["msg"].removeprefix("Value error, ")
        case "tuple_type" | "model_type" | "string_type" as wanted:
            return _wrong_type(wanted, error, names)
        case _:
            return f"{error['msg']}{_instead(error)}."


def _wrong_type(wanted: str, error: ErrorDetails, names: tuple[str, ...]) -> str:
    if error["input"] is None:
        return "Nothing is said here; say something, or leave the key out."
    if wanted == "string_type":
        return f"This must be text; put it in quotes{_instead(error)}."
    if wanted == "model_type":
        return f"There must be keys and values here: {', '.join(_keys(names))}{_instead(error)}."
    entries = f" with {', '.join(_keys(names))}" if names in _PARTS else ""
    return f"This must be a list: each entry{entries} on a line of its own, after `-`{_instead(error)}."


def _keys(names: tuple[str, ...]) -> list[str]:
    """What a part of the manifest may have, as it is written there."""
    return [field.alias or name for name, field in _PARTS.get(names, Manifest).model_fields.items()]


def _instead(error: ErrorDetails) -> str:
    text = repr(error["input"])
    return f" (it is {text if len(text) <= 60 else text[:60] + '…'})"


def _contradictions(source: Source, manifest: Manifest) -> Iterable[Problem]:
    if manifest.name == DEFAULT_APP:
        yield Problem(
            source.place(["name"]), f"{DEFAULT_APP!r} is the app that comes with the program; name it otherwise."
        )
    names = [secret.name for secret in manifest.secrets]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Problem(source.place(["secrets", number, "name"]), f"The secret {name} is declared twice.")
    for number, tools in enumerate(manifest.tools):
        if tools.auth and tools.auth.secret not in names:
            path = as_written(source, ["tools", number, "auth", "secret"])
            hint = suggestion(tools.auth.secret, names) or " Declare it there."
            yield Problem(source.place(path), f"There is no secret {tools.auth.secret!r} under `secrets:`.{hint}")
    yield from _models(source, manifest.models.choice)


def _models(source: Source, choice: ModelChoice) -> Iterable[Problem]:
    for key, model in (("default", choice.default), ("fallback", choice.fallback), ("title", choice.title)):
        if model and "*" in model:
            message = f"{model!r} is a pattern; one model must be named here. Patterns are for `allowed`."
            yield Problem(source.place(["models", key]), message)
    if choice.fallback and not choice.allows(choice.fallback):
        message = f"The fallback {choice.fallback!r} is not among the `allowed` models; add it there."
        yield Problem(source.place(["models", "fallback"]), message)
