"""The one error tree, sorted by what the caller can do about it.

Messages are written for the caller and leave the service as they are (contract, "Errors"): they hold no
secret and no detail of ours.
"""

from __future__ import annotations


class AttacheError(Exception):
    """Something a caller is told about, in words it can act on."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadInput(AttacheError):
    """The request is wrong as it stands: send another one."""


class Unauthenticated(AttacheError):
    """No key, or one that is unknown, expired or revoked."""


class Forbidden(AttacheError):
    """A good key that does not authorize this."""


class NotFound(AttacheError):
    """There is no such thing."""


class Conflict(AttacheError):
    """The request contradicts an earlier one."""


class TooLarge(AttacheError):
    """More than we take in one piece."""


class TooMany(AttacheError):
    """Over a limit; again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(AttacheError):
    """Something that we stand on does not answer; the same request may work in a moment."""
