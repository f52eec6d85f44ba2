"""Where an operation's requests go: the manifest's server, or else the description's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from attache.apps.openapi.document import Document, UnusableError
from attache.apps.openapi.operations import Operation
from attache.tools.addresses import is_loopback_host, refusal


class BadServerError(Exception):
    """A server that requests cannot be sent to; the message says what to write instead."""


def server_of(operation: Operation, document: Document) -> str:
    """The first server of the operation, its path or the description (3.1, 4.8.5). Raises UnusableError.

    A description that was fetched and names none is of the server that it came from (3.1, 4.8.1.1).
    """
    declared = operation.servers or document.data.get("servers") or ([{"url": "/"}] if document.url else ())
    for server in declared if isinstance(declared, list | tuple) else ():
        if isinstance(server, Mapping) and isinstance(server.get("url"), str):
            try:
                return checked_server(urljoin(document.url or "", _filled(server)))
            except BadServerError as error:
                raise UnusableError(f"The server {server['url']!r}: {error}", operation.at) from None
    raise UnusableError("The description names no server; say `server:` beside `openapi:`.", operation.at)


def _filled(server: Mapping[str, Any]) -> str:
    variables = server.get("variables")

    def default(match: re.Match[str]) -> str:
        variable = variables.get(match[1]) if isinstance(variables, Mapping) else None
        return str(variable["default"]) if isinstance(variable, Mapping) and "default" in variable else match[0]

    return re.sub(r"\{([^{}]+)\}", default, str(server["url"]))


def checked_server(url: str) -> str:
    """An absolute server URL, normalised, without a trailing slash. Raises BadServerError."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").encode("idna").decode()
    except ValueError as error:
        raise BadServerError(f"this is not a URL ({error}).") from None
    if parts.scheme not in ("http", "https") or not host:
        raise BadServerError("give an absolute address such as https://api.example.com; say `server:` in the manifest.")
    if parts.username is not None or parts.query or parts.fragment or re.search(r"[{}\s\\]", url):
        raise BadServerError("an address of a server has no user, query, fragment, variable or space in it.")
    if host in ("0.0.0.0", "::"):  # noqa: S104  what servers print that listen everywhere
        raise BadServerError(f"{host} is where a server listens, and no address of it; 127.0.0.1 is this machine.")
    reason = refusal(host) if re.fullmatch(r"[0-9.]+|.*:.*", host) else None
    if reason and not is_loopback_host(host):
        raise BadServerError(f"{host} is {reason}; tools reach public addresses only.")
    authority = f"[{host}]" if ":" in host else host
    path = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
    return f"{parts.scheme}://{authority}{f':{port}' if port else ''}{path}"


def is_loopback_server(url: str) -> bool:
    return is_loopback_host(urlsplit(url).hostname or "")
