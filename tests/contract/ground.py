"""What the service stands on in a test: an AWS with the project's tables and queues, and its functions put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fastapi import FastAPI

from attache.aws import Aws
from attache.settings import Settings
from attache_local.embedded_aws import EmbeddedAws
from attache_local.queue_pollers import Handler
from attache_local.service import Service
from attache_local.stacks import deploy_stacks


class Servable(Protocol):
    """The functions as one application, and the handlers of their queues by the queues' URLs."""

    @property
    def app(self) -> FastAPI: ...

    @property
    def queues(self) -> Mapping[str, Handler]: ...

    async def close(self) -> None: ...


class Ground(Protocol):
    """`aws` is its owner's; `outputs` are those of the stacks."""

    @property
    def aws(self) -> Aws: ...

    @property
    def outputs(self) -> Mapping[str, str]: ...

    @property
    def stage(self) -> str: ...

    def service(self, settings: Settings, environ: Mapping[str, str]) -> Servable: ...

    def feeder(self, queue_url: str) -> Aws:
        """AWS as whoever feeds the queue's worker uses it."""
        ...


@dataclass(frozen=True)
class LocalGround:
    """As on a laptop: everything is done by one who may do everything."""

    aws: Aws
    outputs: Mapping[str, str]
    stage: str = "local"

    def service(self, settings: Settings, environ: Mapping[str, str]) -> Service:
        return Service(settings, self.aws, environ)

    def feeder(self, queue_url: str) -> Aws:
        return self.aws


@asynccontextmanager
async def local_ground(directory: Path) -> AsyncIterator[Ground]:
    with EmbeddedAws(directory) as embedded:
        aws = Aws(embedded.access)
        yield LocalGround(aws, await deploy_stacks(aws))
