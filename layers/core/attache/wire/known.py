"""What a request says about itself before it is checked: for log lines, never for decisions."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.types import Scope

from attache.telemetry.about import session_mark
from attache.wire.lambda_context import HEADER

_UUID = rb"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_IN_PATH = re.compile(rb"/api/sessions/" + _UUID, re.IGNORECASE)
_IN_QUERY = re.compile(rb"(?:^|&)session_id=" + _UUID, re.IGNORECASE)
_IN_HEADER = re.compile(rb"\s*" + _UUID + rb"\s*\Z", re.IGNORECASE)


def known_of(scope: Scope) -> dict[str, str]:
    """`request` (Lambda's request id), `session` (its mark) and `trace`, as far as they are there."""
    headers = dict(scope["headers"])
    known = _invocation(scope, headers)
    places = (
        _IN_PATH.match(scope["path"].encode("utf-8", "replace")),
        _IN_HEADER.match(headers.get(b"x-session-id", b"")),
        _IN_QUERY.search(scope["query_string"]),
    )
    found = next(filter(None, places), None)
    return known | ({"session": session_mark(found[1].decode())} if found else {})


def _invocation(scope: Scope, headers: dict[bytes, bytes]) -> dict[str, str]:
    """Lambda's request id, from Mangum's scope or from the header that the Lambda Web Adapter sets."""
    request_id = getattr(scope.get("aws.context"), "aws_request_id", None)
    told = {"request": request_id} if request_id else _told(headers.get(HEADER.encode(), b""))
    return {name: value for name, value in told.items() if isinstance(value, str) and value.isprintable()}


def _told(context: bytes) -> dict[str, Any]:
    try:
        told = json.loads(context)
        return {"request": told.get("request_id"), "trace": told.get("xray_trace_id")}
    except (ValueError, AttributeError):
        return {}
