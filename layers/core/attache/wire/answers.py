"""JSON responses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

_TAG = re.compile(r'(?:W/)?(?:"([^"]+)"|([^\s,"]+))')


def session_answer(session_id: str, body: Mapping[str, Any], etag: str | None = None) -> Response:
    """A response about a session, with the session id in a header."""
    return JSONResponse(body, headers=_headers(session_id, etag))


def unchanged(session_id: str, etag: str | None) -> Response:
    """304: what the client has is current."""
    return Response(status_code=304, headers=_headers(session_id, etag))


def entity_tags(if_none_match: str | None) -> tuple[str, ...]:
    """The tags in an `If-None-Match`, quoted and without `W/`: they compare weakly (RFC 9110, 13.1.2).

    `*`, which matches any tag, is returned as it is. A tag without quotes gets them.
    """
    sent = (if_none_match or "").strip()
    return (sent,) if sent == "*" else tuple(f'"{quoted or bare}"' for quoted, bare in _TAG.findall(sent))


def _headers(session_id: str, etag: str | None) -> dict[str, str]:
    return {"x-session-id": session_id} | ({"etag": etag} if etag is not None else {})
