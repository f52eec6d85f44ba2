"""Why a runner stops before its turn has come to its end by itself."""

from __future__ import annotations


class Stop(Exception):
    """The runner is to stop; not an error of anybody's."""


class Interrupted(Stop):
    """The log holds an interrupt of this turn: end it."""


class Fenced(Stop):
    """Somebody else has the turn, or ended it, or the session is gone: write nothing more."""


class HandOver(Stop):
    """The function's time is nearly up: leave the turn to another."""


class TookTooLong(Stop):
    """The turn has had all the time that a turn may have: end it as failed."""
