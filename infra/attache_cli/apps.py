"""`attache apps`: compile, deploy and show apps."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from attache.apps.deploy import Deployment
from attache.apps.deploy import build as build_app
from attache.apps.deploy import delete as delete_app
from attache.apps.deploy import deploy as deploy_app
from attache.apps.deploy import show as show_app
from attache.apps.http_descriptions import fetch_description
from attache.apps.problems import Report
from attache.models.catalogue import Catalogue
from attache_cli.declared import AppSecret, app_secrets
from attache_cli.options import AsJson, Stage
from attache_cli.output import counted, give, give_json, give_table, say, warn
from attache_cli.target import Target, find_target

app = typer.Typer(no_args_is_help=True, help="Check, deploy, list, show and delete apps.")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The app's folder, with its app.yaml.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The app's name.")]
Server = Annotated[
    str | None, typer.Option(metavar="URL", help="Send all requests to this server instead of the declared one.")
]


@app.command(epilog="Example: attache apps deploy ./mycoindex --stage prod")
def deploy(folder: Folder, server: Server = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Compile an app's folder and deploy it. If anything is wrong, nothing of it is deployed."""
    target = find_target(stage)
    done, missing = asyncio.run(_deploy(target, folder, server))
    if as_json:
        give_json(_told(done, missing))
        return
    _report(done.report)
    _say_documents(done)
    say(_done(done, target), "green")
    for secret in missing:
        warn(f"{secret.name} is not set: attache secrets set --app {done.app.name} {secret.name}")


@app.command(epilog="Example: attache apps check ./mycoindex")
def check(folder: Folder, server: Server = None, as_json: AsJson = False) -> None:
    """Compile an app's folder and report the result, without deploying anything."""
    known = Catalogue.read()
    report = build_app(folder, fetch_description, allow_loopback=True, server=server, check_model=known.resolve).report
    if as_json:
        give_json(_told_of(report))
    else:
        _report(report)


@app.command("list", epilog="Example: attache apps list --stage prod")
def list_apps(stage: Stage = None, as_json: AsJson = False) -> None:
    """List the deployed apps, by name."""
    releases = asyncio.run(find_target(stage).releases.all())
    if as_json:
        give_json([asdict(release) for release in releases])
    elif releases:
        rows = [(release.name, release.title, release.version, release.deployed) for release in releases]
        give_table(("NAME", "TITLE", "VERSION", "DEPLOYED"), rows)
    else:
        say("There are no apps yet: attache apps deploy DIR")


@app.command(epilog="Example: attache apps show mycoindex")
def show(name: Name, stage: Stage = None, as_json: AsJson = False) -> None:
    """Show an app's models, tools and secrets."""
    asyncio.run(_show(find_target(stage), name, as_json))


@app.command(epilog="Example: attache apps delete mycoindex --yes")
def delete(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask for confirmation.")] = False,
    stage: Stage = None,
) -> None:
    """Stop serving an app. Its sessions, keys, secrets and documents stay."""
    target = find_target(stage)
    if not yes:
        typer.confirm(f"Delete the app {name} on {target.title}?", abort=True, err=True)
    asyncio.run(delete_app(name, target.releases))
    say(f"The app {name} is deleted on {target.title}. Running containers may serve it for another 60 seconds.")


async def _deploy(target: Target, folder: Path, server: str | None) -> tuple[Deployment, list[AppSecret]]:
    """The deployment, and the required secrets that the app lacks."""
    done = await deploy_app(
        folder,
        target.releases,
        fetch_description,
        target.originals,
        allow_loopback=target.loopback_tools,
        server=server,
        check_model=Catalogue.read().resolve,
    )
    secrets = await app_secrets(target, done.app.name, done.app)
    return done, [secret for secret in secrets if secret.required and not secret.set]


def _say_documents(done: Deployment) -> None:
    synced = done.documents
    if synced is None or not (done.app.documents or synced.deleted):
        return
    for path in synced.put:
        say(f"put document {path}")
    for path in synced.deleted:
        say(f"deleted document {path}")
    counts = f"{len(synced.put)} put, {len(synced.deleted)} deleted, {synced.same} unchanged"
    say(f"Documents: {counts}. attache documents list {done.app.name} says when they are found.")


def _done(done: Deployment, target: Target) -> str:
    name, version = done.app.name, done.app.version
    if not done.changed:
        return f"{name} is served on {target.title} just so since {done.release.deployed}, as version {version}."
    return f"Deployed {name} to {target.title}, version {version}. Running containers follow within 60 seconds."


def _report(report: Report) -> None:
    rows = [
        (each.tool, each.operation, "reads" if each.safe else "may change", str(each.tokens)) for each in report.taken
    ]
    if rows:
        give_table(("TOOL", "OPERATION", "EFFECT", "TOKENS"), rows)
        tokens = counted(sum(each.tokens for each in report.taken), "token")
        say(f"{counted(len(rows), 'tool')}, about {tokens} in each prompt.")
    for left_out in report.left_out:
        warn(str(left_out))
    for warning in report.warnings:
        warn(str(warning))


def _told(done: Deployment, missing: list[AppSecret]) -> dict[str, Any]:
    return {
        **asdict(done.release),
        "changed": done.changed,
        "documents": asdict(done.documents) if done.documents else None,
        **_told_of(done.report),
        "missing_secrets": [secret.name for secret in missing],
    }


def _told_of(report: Report) -> dict[str, Any]:
    said = asdict(report)
    return {"tools": said["taken"], "left_out": said["left_out"], "warnings": said["warnings"]}


async def _show(target: Target, name: str, as_json: bool) -> None:
    release, app = await show_app(name, target.releases)
    secrets = await app_secrets(target, name, app)
    if as_json:
        set_or_not = [asdict(secret) for secret in secrets]
        give_json({**app.model_dump(mode="json"), "deployed": release.deployed, "secrets": set_or_not})
        return
    give(f"{app.name}: {app.title}, version {app.version}, deployed {release.deployed}")
    give(f"models: {app.models.default} by default; allowed: {', '.join(app.models.allowed) or 'no other'}")
    give_table(("TOOL", "REQUEST"), [(tool.name, f"{tool.method} {tool.server}{tool.path}") for tool in app.tools])
    if app.documents:
        give(f"documents: found by {app.documents.name}; attache documents list {app.name} shows them")
    if secrets:
        give_table(("SECRET", "STATUS"), [(secret.name, secret.status) for secret in secrets])
