"""`attache secrets`: what an app's tools need and nobody may read."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer
from pydantic import SecretStr

from attache.apps.app import App as DeployedApp
from attache.errors import NotFound
from attache.secrets import app_scope
from attache_cli.declared import AppSecret, app_secrets
from attache_cli.options import App, AsJson, Stage
from attache_cli.output import give_json, give_table, say, warn
from attache_cli.target import Target, find_target
from attache_cli.values import read_value

app = typer.Typer(no_args_is_help=True, help="Set, list and delete the secrets of apps. They are write-only.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The secret's name, as the app's manifest declares it.")]


@app.command("set", epilog="Example: attache secrets set --app mycoindex API_KEY < key.txt")
def set_secret(app: App, name: Name, stage: Stage = None) -> None:
    """Store a value encrypted, read from standard input; at a terminal you are asked for it, without echo."""
    target = find_target(stage)
    deployed = asyncio.run(_set(target, app, name, read_value(name)))
    say(f"{name} is set for the app {app} on {target.title}. Running containers use it within 30 seconds.")
    if deployed is None:
        warn(f"there is no app {app} yet; deploy it with `attache apps deploy`.")
    elif name not in [secret.name for secret in deployed.secrets]:
        warn(f"the app {app}, as it is deployed now, declares no secret {name}.")


@app.command("list", epilog="Example: attache secrets list --app mycoindex")
def list_secrets(app: App, stage: Stage = None, as_json: AsJson = False) -> None:
    """List the secrets that an app declares or has, without their values."""
    found = asyncio.run(_all(find_target(stage), app))
    if as_json:
        give_json([asdict(secret) for secret in found])
    elif found:
        give_table(("NAME", "STATUS", "DESCRIPTION"), [(each.name, each.status, each.description) for each in found])
    else:
        say(f"The app {app} declares no secrets, and has none.")


@app.command(epilog="Example: attache secrets delete --app mycoindex API_KEY")
def delete(app: App, name: Name, stage: Stage = None) -> None:
    """Delete a secret. Tools that need it report that it is missing."""
    if not asyncio.run(find_target(stage).secrets.delete(app_scope(app), name)):
        raise NotFound(f"The app {app} has no secret {name}.")
    say(f"{name} of the app {app} is deleted. Running containers may use it for another 30 seconds.")


async def _set(target: Target, app: str, name: str, value: SecretStr) -> DeployedApp | None:
    """Store the value; returns the app as it is deployed."""
    await target.secrets.put(app_scope(app), name, value)
    return await target.app(app)


async def _all(target: Target, app: str) -> list[AppSecret]:
    return await app_secrets(target, app, await target.app(app))
