"""Loopback ports: a requested one, or a free one."""

from __future__ import annotations

import socket

from attache_local.errors import LocalStackError

LOOPBACK = "127.0.0.1"


def listen(port: int) -> socket.socket:
    """A socket on this loopback port. Raises LocalStackError if it is in use."""
    taken = _bound(port)
    if taken is None:
        raise LocalStackError(f"port {port} is in use: stop what runs there, or say `make dev PORT={port + 1}`")
    return taken


def listen_near(preferred: int | None) -> socket.socket:
    """A socket on the preferred port, or on any free one."""
    near = _bound(preferred) if preferred and preferred < 65_536 else None
    return near or listen(0)


def free_port(preferred: int | None = None) -> int:
    """A port for another process: the preferred one if it is free."""
    with listen_near(preferred) as found:
        return port_of(found)


def port_of(bound: socket.socket) -> int:
    port: int = bound.getsockname()[1]
    return port


def _bound(port: int) -> socket.socket | None:
    new = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what just stopped there does not block it
        new.bind((LOOPBACK, port))
        new.listen(512)
    except (OSError, OverflowError):
        new.close()
        return None
    return new
