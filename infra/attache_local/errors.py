"""Errors of the local stack."""

from __future__ import annotations


class LocalStackError(Exception):
    """The stack cannot run; the text says why, and what to do about it."""
