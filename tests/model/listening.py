"""Hears what is logged as an error: that our own code failed, and hid it from its caller."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator

EXPECTED = ("attache.usage.ledger",)  # a bill that the network loses is lost


class _Listener(logging.Handler):
    def __init__(self, found: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._found = found
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if record.name not in EXPECTED:
            self._found(self.format(record))


@contextlib.contextmanager
def listening(found: Callable[[str], None]) -> Iterator[None]:
    """Tell `found` of errors instead of the terminal."""
    loggers, listener = (logging.getLogger("attache"), logging.getLogger("asyncio")), _Listener(found)
    for logger in loggers:
        logger.addHandler(listener)
        logger.propagate = False
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(listener)
            logger.propagate = True
