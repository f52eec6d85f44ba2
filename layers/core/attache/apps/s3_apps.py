"""The deployed apps in AWS."""

from __future__ import annotations

from attache.apps.released_apps import ReleasedApps
from attache.apps.s3_releases import S3Releases
from attache.aws import Aws
from attache.clock import Clock


class S3Apps(ReleasedApps):
    """`Apps` of a bucket and a registry table, cached for the life of a container."""

    def __init__(self, aws: Aws, bucket: str, table: str, clock: Clock) -> None:
        super().__init__(S3Releases(aws, bucket, table, clock), clock)
