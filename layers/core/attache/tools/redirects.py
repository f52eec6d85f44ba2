"""Following redirects: for GET and HEAD only, to servers that the app declares, at most three."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from urllib.parse import quote, urljoin, urlsplit

from attache.tools.request import HttpRequest
from attache.tools.results import HttpAnswer

MAX_REDIRECTS = 3
FOLLOWED = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}
Origin = tuple[str, str, int]


class RedirectRefusedError(Exception):
    """A redirect to a server that the app does not declare; the message names only that server."""


def origin_of(url: str) -> Origin:
    """Scheme, host and port of an absolute URL. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        raise ValueError("no plain HTTP address")
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def redirected(request: HttpRequest, answer: HttpAnswer, declared: Collection[Origin]) -> HttpRequest | None:
    """The request that a redirect leads to, still without a secret; None if the response is not such a redirect.

    Raises RedirectRefusedError.
    """
    location = answer.headers.get("location")
    if answer.status not in FOLLOWED or location is None or request.method not in ("GET", "HEAD"):
        return None
    try:
        url = urljoin(request.url, location)
        origin = origin_of(url)
    except ValueError:
        raise RedirectRefusedError("The API redirects to what is no HTTP address; that is not followed.") from None
    scheme, host, port = origin
    if origin not in declared:
        there = f"{scheme}://{host[:100]}:{port}"
        raise RedirectRefusedError(
            f"The API redirects to {there}, which is no server of this app; that is not followed."
        )
    parts = urlsplit(url)
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~?')}" if parts.query else ""
    authority = f"[{host}]" if ":" in host else host
    return replace(request, origin=f"{scheme}://{authority}:{port}", target=target + query)
