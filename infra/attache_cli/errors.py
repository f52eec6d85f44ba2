"""Errors of the commands."""

from __future__ import annotations


class CommandError(Exception):
    """A command failed; the text says why, and what to do about it."""
