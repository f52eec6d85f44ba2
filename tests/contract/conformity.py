"""Whether what the service answers is what its description says: put to every answer that the contract tests get."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from attache_openapi.files import described

Json = dict[str, Any]


def conforms(response: httpx.Response) -> None:
    """Fails for an answer, of an endpoint that there is, whose status or body is not described."""
    operation = _operation(response.request.method, response.request.url.path)
    if operation is None:
        return
    answers = operation["responses"]
    assert str(response.status_code) in answers, f"{response.request} answers {response.status_code}"
    answer = _meant(answers[str(response.status_code)])
    kind = response.headers.get("content-type", "").partition(";")[0]
    if "content" not in answer:
        return
    assert kind in answer["content"], f"{response.request} answers {kind}"
    if kind == "application/json":
        response.read()
        _check(answer["content"][kind]["schema"]["$ref"], response.json())


def conforms_event(event: Any, *, updates: bool = False) -> None:
    """The same for an event of a stream."""
    _check(f"#/components/schemas/{'UpdateEvent' if updates else 'ChatEvent'}", event)


def _check(reference: str, said: Any) -> None:
    error = next(_validator(reference).iter_errors(said), None)
    assert error is None, f"{reference}: {error.message if error else ''}, in {str(said)[:500]}"


@cache
def _described() -> Json:
    return described()


@cache
def _validator(reference: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": reference, "components": _described()["components"]})


def _meant(answer: Json) -> Json:
    return _described()["components"]["responses"][answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer


def _operation(method: str, path: str) -> Json | None:
    for template, methods in _described()["paths"].items():
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path) and method.lower() in methods:
            found: Json = methods[method.lower()]
            return found
    return None
