"""Deploying an app: compile its folder, store it, switch to it; nothing is stored if anything is wrong."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from attache.apps.app import App
from attache.apps.compiling import CheckModel, compile_app, versioned
from attache.apps.folder import Described, Fetch, read_folder
from attache.apps.problems import CannotDeploy, Report
from attache.apps.release import Release, Releases
from attache.documents.originals import Originals
from attache.documents.sync import Synced, sync
from attache.errors import NotFound

NO_SEARCH = (
    "Documents cannot be searched here: this stage has no search backend. Deploy it with the parameter SearchBackend "
    "(infra/APPS.md, Documents), or take `documents` out."
)


@dataclass(frozen=True)
class Built:
    """A compiled app, with the report on it and what it was made of."""

    app: App
    report: Report
    described: Described


@dataclass(frozen=True)
class Deployment:
    """The result of a deployment. `changed` is False if this same app was deployed already.

    `documents`: what was put into the bucket and deleted there, None if the manifest leaves that to others.
    """

    app: App
    release: Release
    report: Report
    changed: bool
    documents: Synced | None = None


async def deploy(
    folder: Path,
    releases: Releases,
    fetch: Fetch,
    originals: Originals | None = None,
    *,
    allow_loopback: bool = False,
    server: str | None = None,
    check_model: CheckModel | None = None,
) -> Deployment:
    """Compile an app's folder and serve it from now on; running containers follow within 60 s.

    `fetch` gets a description by URL. `originals`: where documents are kept, None if this stage has no search.
    `allow_loopback`: accept servers on this machine, for the local stack. `server` replaces the servers of all tools.
    `check_model`: as `compile_app` takes it.
    Raises CannotDeploy with every problem, Conflict if somebody else deployed meanwhile, Unavailable.
    """
    built = await asyncio.to_thread(
        build, folder, fetch, allow_loopback=allow_loopback, server=server, check_model=check_model
    )
    if built.app.documents and originals is None:
        raise CannotDeploy.at(built.described.source.place(["documents"]), NO_SEARCH)
    synced = await synced_documents(built.described, originals) if originals else None
    release, changed = await publish(built.app, releases)
    return Deployment(built.app, release, built.report, changed, synced)


def build(
    folder: Path,
    fetch: Fetch,
    *,
    allow_loopback: bool = False,
    server: str | None = None,
    check_model: CheckModel | None = None,
) -> Built:
    """The compiled app of a folder, and the report; nothing is stored. Raises CannotDeploy."""
    described = read_folder(folder, fetch)
    served = described.served_by(server) if server else described
    return Built(*compile_app(served, allow_loopback=allow_loopback, check_model=check_model), described)


async def synced_documents(described: Described, originals: Originals) -> Synced | None:
    """Bring the folder's documents to where they are served; of an app without any, none stay. Raises Unavailable."""
    if described.manifest.documents is True:
        return None
    return await sync(originals, described.manifest.name, described.files.files if described.files else {})


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
    """Stop serving an app; its sessions, keys, secrets and documents stay. Raises NotFound."""
    if not await releases.withdraw(name):
        raise NotFound(f"There is no app {name!r}.")
