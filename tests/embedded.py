"""An embedded AWS for a test session, with the project's own tables, queues and bucket in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from attache.aws import Aws
from attache_local.embedded_aws import EmbeddedAws
from attache_local.stacks import deploy_stacks


@dataclass(frozen=True)
class Embedded:
    """`outputs` are those of the project's stacks: names of tables, bucket and key, addresses of queues."""

    aws: Aws
    outputs: dict[str, str]


@contextmanager
def embedded_aws(directory: Path) -> Iterator[Embedded]:
    """Started with its state in `directory`, stopped when the block ends."""
    with EmbeddedAws(directory) as running:
        aws = Aws(running.access)
        yield Embedded(aws, asyncio.run(deploy_stacks(aws)))
