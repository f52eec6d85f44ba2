"""Request ids that connect a caller's report with our log line about the same failure."""

from __future__ import annotations

import secrets


def new_request_id() -> str:
    """16 hex digits; made only when something failed."""
    return secrets.token_hex(8)
