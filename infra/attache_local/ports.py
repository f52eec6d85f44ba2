"""Loopback ports: a requested one, or a free one."""

from __future__ import annotations

import errno
import socket

from attache_local.errors import LocalStackError

LOOPBACK = "127.0.0.1"
LAST = 65_535
STRIDE = 10  # a stack also takes the two ports after its own, if they are free


def listen(port: int) -> socket.socket:
    """A socket on this loopback port. Raises LocalStackError if there is none to be had."""
    try:
        return _bound(port)
    except OverflowError:
        raise LocalStackError(f"{port} is no port: they go from 1 to {LAST}; say `make dev PORT=8000`") from None
    except PermissionError:
        raise LocalStackError(f"port {port} is for the system's administrator: say `make dev PORT=8000`") from None
    except OSError as error:
        busy = error.errno == errno.EADDRINUSE
        why = "is in use: stop what runs there" if busy else f"cannot be used ({error.strerror}): stop what prevents it"
        raise LocalStackError(f"port {port} {why}, or say `make dev PORT={_free_after(port)}`") from None


def listen_near(preferred: int | None) -> socket.socket:
    """A socket on the preferred port, or on any free one."""
    return (_tried(preferred) if preferred else None) or listen(0)


def free_port(preferred: int | None = None) -> int:
    """A port for another process: the preferred one if it is free."""
    with listen_near(preferred) as found:
        return port_of(found)


def port_of(bound: socket.socket) -> int:
    port: int = bound.getsockname()[1]
    return port


def _free_after(port: int) -> int:
    """A port to propose: a free one, and none that another stack takes beside its own."""
    for other in range(port + STRIDE, LAST, STRIDE):
        if found := _tried(other):
            found.close()
            return other
    return free_port()


def _tried(port: int) -> socket.socket | None:
    """A socket on this port, or None."""
    try:
        return _bound(port)
    except (OSError, OverflowError):
        return None


def _bound(port: int) -> socket.socket:
    """A listening socket on this port. Raises OSError, OverflowError."""
    new = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what just stopped there does not block it
        new.bind((LOOPBACK, port))
        new.listen(512)
    except (OSError, OverflowError):
        new.close()
        raise
    return new
