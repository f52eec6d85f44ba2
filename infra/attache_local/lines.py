"""Log lines for people: time, level, place, message and context."""

from __future__ import annotations

import logging

from attache.telemetry.about import about


class Lines(logging.Formatter):
    """One line a record, as `10:31:07 INFO    attache.turns.runner a turn failed (session d0e990d96574)`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s %(message)s", datefmt="%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        session = about().get("session")
        return super().formatMessage(record) + (f" (session {session})" if session else "")


def log_for_people() -> None:
    """Log lines to standard error from now on, ours from INFO."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines())
    logging.basicConfig(handlers=[handler])
    for name in ("attache", "functions"):
        logging.getLogger(name).setLevel(logging.INFO)
