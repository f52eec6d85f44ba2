"""Log lines as Powertools writes them: one JSON object each, on standard output."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import Any, TextIO

from attache.telemetry.about import ContextFilter

OURS = ("attache", "functions")


def log_as_json(level: str, known: Mapping[str, str], stream: TextIO | None = None) -> None:
    """Log JSON with the context in `known` from now on; our loggers from `level`, others from WARNING.

    Others stay at WARNING because botocore and LiteLLM would log the bodies of requests.
    """
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(PowertoolsLines(known))
    handler.addFilter(ContextFilter())
    root = logging.getLogger()
    root.handlers[:] = [handler]  # Lambda's runtime has installed one
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level)


class PowertoolsLines(logging.Formatter):
    """Powertools' formatter, imported with the first line: most requests log nothing."""

    def __init__(self, known: Mapping[str, str]) -> None:
        super().__init__()
        self._known: Mapping[str, Any] = known

    @cached_property
    def _powertools(self) -> logging.Formatter:
        from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

        return LambdaPowertoolsFormatter(use_rfc3339=True, utc=True, serialize_stacktrace=False, **self._known)

    def format(self, record: logging.LogRecord) -> str:
        return self._powertools.format(record)
