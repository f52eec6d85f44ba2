"""Reasons for a runner to stop before its turn is finished."""

from __future__ import annotations


class Stop(Exception):
    """The runner must stop; this is not an error."""


class Interrupted(Stop):
    """The log holds an interrupt of this turn: end it."""


class Fenced(Stop):
    """Another runner has the turn, or it was ended, or the session is gone: write nothing more."""


class HandOver(Stop):
    """The function's time is nearly over: leave the turn to another runner."""


class TookTooLong(Stop):
    """The turn has used all of its time: end it as failed."""
