"""What holds for every test: nothing but this machine can be reached, and nothing of its owner's is known."""

from __future__ import annotations

import ipaddress
import os
import sys
from typing import Any

import hypothesis

OWNERS = ("AWS_", "ATTACHE_", "LITELLM_", "OPENAI_", "ANTHROPIC_", "OPENROUTER_")
NO_AWS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_DEFAULT_REGION": "us-east-1",
}
LONG = 60  # characters or bytes

hypothesis.settings.register_profile("gate", deadline=None, derandomize=True)
hypothesis.settings.load_profile("gate")


def pytest_make_parametrize_id(val: object) -> str | None:
    """A short id for a long value: it is in the environment of all that a test starts, and the same in each worker."""
    if not isinstance(val, str | bytes) or len(val) <= LONG:
        return None
    if isinstance(val, bytes):
        return f"{len(val)} bytes"
    return f"{val[:LONG].encode('unicode_escape').decode()}... ({len(val)})"


def pytest_configure() -> None:
    for name in [name for name in os.environ if name.startswith(OWNERS)]:
        del os.environ[name]
    os.environ.update(NO_AWS)
    sys.addaudithook(_only_this_machine)


def _only_this_machine(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple) and not _is_loopback(arguments[1][0]):
        raise OSError(f"tests reach nothing but this machine, and this one wants {arguments[1][0]}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
