"""An app's secrets: those that it declares, and those that are set."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from attache.apps.app import App
from attache.secrets import app_scope
from attache_cli.target import Target


@dataclass(frozen=True)
class AppSecret:
    """A secret of an app: `declared` by its manifest, `set` by its operator, or both."""

    name: str
    set: bool
    declared: bool
    required: bool = False
    description: str = ""

    @property
    def status(self) -> str:
        """Its state, for people."""
        if not self.set:
            return "missing, required" if self.required else "not set"
        return "set" if self.declared else "set, not used by the app"


async def app_secrets(target: Target, name: str, app: App | None) -> list[AppSecret]:
    """The secrets of the app called `name`; `app` is what is deployed under that name."""
    return secrets_of(app, await target.secrets.names(app_scope(name)))


def secrets_of(app: App | None, names: Collection[str]) -> list[AppSecret]:
    """What the app declares in its own order, then what else is set."""
    declarations = app.secrets if app else ()
    declared = [
        AppSecret(each.name, each.name in names, True, each.required, each.description) for each in declarations
    ]
    known = {secret.name for secret in declared}
    return declared + [AppSecret(name, set=True, declared=False) for name in names if name not in known]
