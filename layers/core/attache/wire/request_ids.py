"""Ids by which a caller's report and our log line of the same failure are found together."""

from __future__ import annotations

import secrets


def new_request_id() -> str:
    """16 hex digits; drawn only where something failed."""
    return secrets.token_hex(8)
