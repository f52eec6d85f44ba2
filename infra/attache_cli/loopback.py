"""Ignoring the machine's own AWS and proxy settings for work on loopback."""

from __future__ import annotations

from collections.abc import MutableMapping


def stay_local(environ: MutableMapping[str, str]) -> None:
    """Remove AWS profiles from `environ`, and except loopback from its proxies."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        environ.pop(name, None)
    for name in ("no_proxy", "NO_PROXY"):
        environ[name] = ",".join(filter(None, (environ.get(name), "127.0.0.1", "localhost")))
