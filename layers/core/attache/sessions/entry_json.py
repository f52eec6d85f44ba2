"""Entries as JSON, the form in which their bodies are stored."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from attache.sessions.entries import KINDS, Body, Entry


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(KINDS[kind])


def encode(entry: Entry) -> str:
    """The body as JSON, without fields at their defaults."""
    return _adapter(entry.kind).dump_json(entry.body, exclude_defaults=True).decode()


def decode(kind: str, data: str) -> Body:
    """The body that `encode` wrote. Raises pydantic's ValidationError for anything else."""
    body: Body = _adapter(kind).validate_json(data)
    return body
