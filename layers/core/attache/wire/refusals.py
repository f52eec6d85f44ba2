"""Errors as the contract returns them: a status, and `{"error": "..."}` in words a caller can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attache import errors

STATUS: Mapping[type[errors.AttacheError], int] = {
    errors.BadInput: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}
RETRY_UNAVAILABLE = 1  # seconds


@dataclass(frozen=True)
class Refusal:
    """The response to an error."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal(error: errors.AttacheError) -> Refusal | None:
    """The response to an error; None if the caller must not learn of it."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), None)
    if status is None:
        return None
    return Refusal(status, {"error": error.message}, _headers(error))


def our_fault(request_id: str) -> Refusal:
    """The response to an unexpected error."""
    return Refusal(
        500,
        {
            "error": f"Something went wrong on our side. If it stays, report it with the request id {request_id}.",
            "request_id": request_id,
        },
    )


def _headers(error: errors.AttacheError) -> Mapping[str, str]:
    match error:
        case errors.TooMany(retry_after=seconds):
            return {"retry-after": str(max(1, seconds))}
        case errors.Unavailable():
            return {"retry-after": str(RETRY_UNAVAILABLE)}
        case _:
            return {}
