"""A checked tool call as an HTTP request. Arguments stay values: never a host, a path or a header's name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from attache.tools.http_tool import Binding, HttpTool, ToolAuth

USER_AGENT = "attache"
ACCEPT = "application/json, text/*;q=0.8, */*;q=0.5"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SEPARATORS = {"form": ",", "simple": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}


class UnsendableError(Exception):
    """A value that cannot be sent in its place; the message advises the model."""


@dataclass(frozen=True)
class HttpRequest:
    """A request that is complete but for the secret. `target` is path and query, escaped."""

    method: str
    origin: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""

    @property
    def url(self) -> str:
        return self.origin + self.target

    def with_header(self, name: str, value: str) -> HttpRequest:
        """The request with this header, replacing any other of its name."""
        others = [pair for pair in self.headers if pair[0].lower() != name.lower()]
        return replace(self, headers=(*others, (name, value)))


def request_for(tool: HttpTool, arguments: Mapping[str, Any]) -> HttpRequest:
    """The request of a call with checked arguments. Raises UnsendableError."""
    values = list(_values(tool, arguments))
    parts = urlsplit(tool.server)
    query = "&".join(pair for binding, value in values if binding.place == "query" for pair in _query(binding, value))
    path = parts.path + _path(tool.path, [(b, value) for b, value in values if b.place == "path"])
    headers = [(b.name, _header(b, value)) for b, value in values if b.place == "header" and value is not None]
    content, content_headers = _body(tool, values)
    return HttpRequest(
        method=tool.method,
        origin=f"{parts.scheme}://{parts.netloc}",
        target=(path or "/") + (f"?{query}" if query else ""),
        headers=(("Accept", ACCEPT), ("User-Agent", USER_AGENT), *headers, *content_headers),
        content=content,
    )


def authorized(request: HttpRequest, auth: ToolAuth, value: str) -> HttpRequest:
    """The request with the secret. Raises UnsendableError, without the secret in its message."""
    sent = auth.prefix + value
    if auth.place == "query":
        return replace(request, target=_with_pair(request.target, quote(auth.name, safe=""), quote(sent, safe="")))
    if _CONTROL.search(sent) or not sent.isascii():
        raise UnsendableError(f"The secret {auth.secret} holds characters that no header may have; it was not sent.")
    return request.with_header(auth.name, sent)


def _with_pair(target: str, name: str, value: str) -> str:
    """The query with this pair as the only one of its name."""
    path, _, query = target.partition("?")
    pairs = [pair for pair in query.split("&") if pair and pair.partition("=")[0] != name]
    return f"{path}?{'&'.join([*pairs, f'{name}={value}'])}"


def _values(tool: HttpTool, arguments: Mapping[str, Any]) -> Iterator[tuple[Binding, Any]]:
    for binding in tool.bindings:
        if binding.argument in arguments:
            yield binding, arguments[binding.argument]
        elif binding.fill:
            yield binding, tool.parameters["properties"][binding.argument]["default"]


def _path(template: str, values: list[tuple[Binding, Any]]) -> str:
    by_name = {binding.name: _segment(binding, value) for binding, value in values}
    segments = [
        re.sub(r"\{([^{}]*)\}", lambda match: by_name.get(match[1], match[0]), segment)
        for segment in template.split("/")
    ]
    for segment, original in zip(segments, template.split("/"), strict=True):
        if segment != original and (not segment or _climbs(segment)):
            raise UnsendableError(f"{original} must not be empty, `.` or `..` in the path {template}.")
    return "/".join(quote(each, safe="%:@!$&'()*+,;=~") for each in segments)


def _segment(binding: Binding, value: Any) -> str:
    """A value in one path segment, in the style `simple`; it cannot escape from that segment."""
    text = _joined(binding, value, _escaped)
    if not text:
        raise UnsendableError(f"{binding.argument} must not be empty.")
    if _climbs(text):
        raise UnsendableError(
            f"{binding.argument} must be a plain value: slashes with nothing, `.` or `..` beside them are refused."
        )
    return text


def _climbs(text: str) -> bool:
    """Whether a server that unescapes, even repeatedly, could read it as `..` or as the end of the path."""
    for _ in range(4):
        pieces = re.split(r"[/\\]", text)
        if any(piece in (".", "..") or not piece for piece in pieces) or _CONTROL.search(text):
            return True
        if (plain := unquote(text)) == text:
            return False
        text = plain
    return True


def _query(binding: Binding, value: Any) -> Iterator[str]:
    name = quote(binding.name, safe="")
    if value is None:
        return
    if binding.style == "deepObject" and isinstance(value, dict):
        for key, each in _present(value):
            yield f"{name}%5B{quote(key, safe='')}%5D={_escaped(each)}"
    elif isinstance(value, dict) and binding.explode and binding.style == "form":
        for key, each in _present(value):
            yield f"{quote(key, safe='')}={_escaped(each)}"
    elif isinstance(value, list) and binding.explode and binding.style != "json":
        for each in value:
            yield f"{name}={_escaped(each)}"
    else:
        yield f"{name}={_joined(binding, value, _escaped)}"


def _present(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The members that can be sent: null has no form in a query."""
    return ((key, each) for key, each in value.items() if each is not None)


def _header(binding: Binding, value: Any) -> str:
    text = _joined(binding, value, _plain).strip()
    if _CONTROL.search(text) or not text.isascii():
        raise UnsendableError(f"{binding.argument} is sent as a header: plain ASCII text without line breaks only.")
    return text


def _body(tool: HttpTool, values: list[tuple[Binding, Any]]) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    if tool.body_type is None:
        return b"", ()
    whole = [value for binding, value in values if binding.place == "body"]
    members = {binding.name: value for binding, value in values if binding.place == "body_property"}
    is_whole = any(binding.place == "body" for binding in tool.bindings)
    if not whole and not members and (is_whole or not tool.body_required):
        return b"", ()
    content = json.dumps(whole[0] if whole else members, ensure_ascii=False, separators=(",", ":")).encode()
    return content, (("Content-Type", tool.body_type),)


def _joined(binding: Binding, value: Any, write: Any) -> str:
    """Lists and objects in the parameter's style (3.1, 4.8.12.4); plain values as they are."""
    separator = _SEPARATORS.get(binding.style, ",")
    if binding.style == "json":
        return str(write(json.dumps(value, ensure_ascii=False, separators=(",", ":"))))
    if isinstance(value, list):
        return separator.join(write(each) for each in value)
    if isinstance(value, dict):
        pairs = [(write(key), write(each)) for key, each in value.items()]
        return separator.join(f"{key}={each}" if binding.explode else f"{key}{separator}{each}" for key, each in pairs)
    return str(write(value))


def _escaped(value: Any) -> str:
    return quote(_plain(value), safe="")


def _plain(value: Any) -> str:
    """A value as text: whole numbers without a fraction, nested values as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
