"""What the commands say where they cannot go on."""

from __future__ import annotations


class CommandError(Exception):
    """A command cannot do what was asked; the text says why, and what to do about it."""
