"""Deploying an app: compile its folder, store it, switch to it; nothing is stored if anything is wrong."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from attache.apps.app import App
from attache.apps.compiling import compile_app, versioned
from attache.apps.folder import Fetch, read_folder
from attache.apps.problems import Report
from attache.apps.release import Release, Releases
from attache.errors import NotFound


@dataclass(frozen=True)
class Deployment:
    """The result of a deployment. `changed` is False if this same app was deployed already."""

    app: App
    release: Release
    report: Report
    changed: bool


async def deploy(
    folder: Path, releases: Releases, fetch: Fetch, *, allow_loopback: bool = False, server: str | None = None
) -> Deployment:
    """Compile an app's folder and serve it from now on; running containers follow within 60 s.

    `fetch` gets a description by URL. `allow_loopback`: accept servers on this machine, for the local stack. `server`
    replaces the servers of all tools. Raises CannotDeploy with every problem, Conflict if somebody else deployed
    meanwhile, Unavailable.
    """
    app, report = await asyncio.to_thread(build, folder, fetch, allow_loopback=allow_loopback, server=server)
    release, changed = await publish(app, releases)
    return Deployment(app, release, report, changed)


def build(folder: Path, fetch: Fetch, *, allow_loopback: bool = False, server: str | None = None) -> tuple[App, Report]:
    """The compiled app of a folder, and the report; nothing is stored. Raises CannotDeploy."""
    described = read_folder(folder, fetch)
    return compile_app(described.served_by(server) if server else described, allow_loopback=allow_loopback)


async def publish(app: App, releases: Releases) -> tuple[Release, bool]:
    """Serve a compiled app, such as one written in code; returns whether that changed anything."""
    app = versioned(app)
    previous = await releases.current(app.name)
    if previous and previous.version == app.version:
        return previous, False
    return await releases.publish(app, previous), True


async def show(name: str, releases: Releases) -> tuple[Release, App]:
    """The app that is served under a name. Raises NotFound."""
    release = await releases.current(name)
    app = await releases.bundle(name, release.version) if release else None
    if release is None or app is None:
        raise NotFound(f"There is no app {name!r}.")
    return release, app


async def delete(name: str, releases: Releases) -> None:
    """Stop serving an app; its sessions, keys and secrets stay. Raises NotFound."""
    if not await releases.withdraw(name):
        raise NotFound(f"There is no app {name!r}.")
