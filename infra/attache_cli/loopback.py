"""What a machine's own settings must not say where everything happens on loopback."""

from __future__ import annotations

from collections.abc import MutableMapping


def stay_local(environ: MutableMapping[str, str]) -> None:
    """No AWS profile or proxy of this machine has a say in what happens on loopback."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        environ.pop(name, None)
    for name in ("no_proxy", "NO_PROXY"):
        environ[name] = ",".join(filter(None, (environ.get(name), "127.0.0.1", "localhost")))
