"""Log context: the session, request and app that the current work belongs to."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_ABOUT: ContextVar[Mapping[str, str]] = ContextVar("about", default={})  # noqa: B039 - never changed, only replaced


def about() -> Mapping[str, str]:
    """The current context: `request`, `session` and `app` as far as they are known; `trace` if traced."""
    return _ABOUT.get()


def note(**known: str) -> None:
    """Add to the context of this task, and of tasks that it starts from now on."""
    _ABOUT.set({**_ABOUT.get(), **known})


@contextmanager
def noted(**known: str) -> Iterator[None]:
    """Add to the context while the block runs."""
    token = _ABOUT.set({**_ABOUT.get(), **known})
    try:
        yield
    finally:
        _ABOUT.reset(token)


def session_mark(session_id: str) -> str:
    """12 hex digits that stand for a session in logs, since its id would give readers of logs access to it.

    They are the first digits of the id's SHA-256, so that a user's report leads to the log lines.
    """
    return hashlib.sha256(session_id.lower().encode()).hexdigest()[:12]


class ContextFilter(logging.Filter):
    """Adds the context to each log record, without overwriting its own attributes."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in about().items():
            if name != "trace" and name not in record.__dict__:
                setattr(record, name, value)
        return True
