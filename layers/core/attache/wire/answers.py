"""Answers as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response


def session_answer(session_id: str, body: Mapping[str, Any], etag: str | None = None) -> Response:
    """An answer about a session, which it names in a header too."""
    return JSONResponse(body, headers=_headers(session_id, etag))


def unchanged(session_id: str, etag: str | None) -> Response:
    """304: what the caller has is still so."""
    return Response(status_code=304, headers=_headers(session_id, etag))


def entity_tag(if_none_match: str | None) -> str | None:
    """The first tag in an `If-None-Match`, in its quotes and without `W/`: it compares weakly (RFC 9110, 13.1.2)."""
    tag = (if_none_match or "").split(",")[0].strip().removeprefix("W/").strip('"')
    return f'"{tag}"' if tag else None


def _headers(session_id: str, etag: str | None) -> dict[str, str]:
    return {"x-session-id": session_id} | ({"etag": etag} if etag is not None else {})
