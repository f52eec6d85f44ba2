"""The error tree, sorted by what the caller can do.

Messages are written for the caller and are sent unchanged (contract, "Errors"): they contain no secrets and no internal
details.
"""

from __future__ import annotations


class AttacheError(Exception):
    """An error that the caller is told about, in words it can act on."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadInput(AttacheError):
    """The request is wrong: send a different one."""


class Unauthenticated(AttacheError):
    """No key, or one that is unknown, expired or revoked."""


class Forbidden(AttacheError):
    """A valid key that does not authorize this."""


class NotFound(AttacheError):
    """There is no such thing."""


class Conflict(AttacheError):
    """The request contradicts an earlier one."""


class TooLarge(AttacheError):
    """More than is accepted at once."""


class TooMany(AttacheError):
    """Over a limit; try again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(AttacheError):
    """A service that we depend on does not answer; the same request may work in a moment."""
