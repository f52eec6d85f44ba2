"""Whom a line is about: the session, the request and the app that the work at hand is for."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_ABOUT: ContextVar[Mapping[str, str]] = ContextVar("about", default={})  # noqa: B039 - never changed, only replaced


def about() -> Mapping[str, str]:
    """What is known here: `request`, `session` and `app`, as far as they are; `trace` where a request is traced."""
    return _ABOUT.get()


def note(**known: str) -> None:
    """From here on, tasks that are begun included, the work is for these."""
    _ABOUT.set({**_ABOUT.get(), **known})


@contextmanager
def noted(**known: str) -> Iterator[None]:
    """The same while the block runs."""
    token = _ABOUT.set({**_ABOUT.get(), **known})
    try:
        yield
    finally:
        _ABOUT.reset(token)


def session_mark(session_id: str) -> str:
    """12 hex digits that stand for a session in logs: its id would let every reader of logs into the session.

    The first digits of its SHA-256, so that who is told an id finds its lines.
    """
    return hashlib.sha256(session_id.lower().encode()).hexdigest()[:12]


class Knowing(logging.Filter):
    """Puts what is known into each record, under names that no record has already."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in about().items():
            if name != "trace" and name not in record.__dict__:
                setattr(record, name, value)
        return True
