"""Apps: their required secrets are set, and there are keys for them."""

from __future__ import annotations

from collections.abc import Sequence

from attache.clock import Clock
from attache.keys import KeyRecord
from attache_cli.declared import app_secrets
from attache_cli.doctor.finding import Examined, Finding, note, ok, wrong
from attache_cli.output import counted

SOON = 14 * 86_400_000  # ms before a key's end at which it is said


async def apps(examined: Examined) -> list[Finding]:
    """Check every deployed app."""
    releases, keys = await examined.target.releases.all(), await examined.target.keys.all()
    if not releases:
        return [note("apps", "none is deployed", "attache apps deploy DIR")]
    now = Clock().now()
    findings = [finding for release in releases for finding in await _app(examined, release.name, keys, now)]
    return findings + _stale(keys, now)


async def _app(examined: Examined, name: str, keys: Sequence[KeyRecord], now: int) -> list[Finding]:
    app = await examined.target.app(name)
    if app is None:
        return [wrong(f"app {name}", "its release is not in the bucket", "attache apps deploy DIR, from its folder")]
    secrets = await app_secrets(examined.target, name, app)
    missing = [secret.name for secret in secrets if secret.required and not secret.set]
    if missing:
        how = f"attache secrets set --app {name} {missing[0]}"
        return [wrong(f"app {name}", f"lacks {', '.join(missing)}: its tools fail, but for users who bring one", how)]
    active = [key for key in keys if name in key.apps and key.status(now) == "active"]
    if not active:
        return [note(f"app {name}", "has no key that is good: nobody can use it", f"attache keys create --app {name}")]
    has = f"{counted(len(app.tools), 'operation')}, {counted(len(active), 'key')}"
    return [ok(f"app {name}", f"{has}, no secret missing")]


def _stale(keys: Sequence[KeyRecord], now: int) -> list[Finding]:
    """Keys that have expired or soon will, which may surprise their users."""
    ended = [key.prefix for key in keys if key.status(now) == "expired"]
    ending = [key for key in keys if key.status(now) == "active" and key.expires and key.expires - now < SOON]
    how = "attache keys create, and tell its users"
    expired = [note("app keys", f"expired: {', '.join(ended)}", how)] if ended else []
    return expired + [
        note("app keys", f"{key.prefix}… ends within 14 days", f"attache keys rotate {key.prefix}") for key in ending
    ]
