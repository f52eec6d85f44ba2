"""The one door to AWS: boto3 off the event loop, one client a service, made on first use.

Tests and the local stack give an endpoint and credentials; on Lambda both are empty and boto3 finds its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

MAX_CONNECTIONS = 64
Item = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class AwsAccess:
    """Where AWS is and who we are there; None leaves it to boto3's own chain."""

    endpoint_url: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None
    profile: str | None = None


class Aws:
    """Calls AWS operations by boto3's own names, from a thread pool of its own."""

    def __init__(self, access: AwsAccess | None = None) -> None:
        self.access = access or AwsAccess()
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()
        self._threads = ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix="aws")

    async def call(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """`await aws.call("dynamodb", "get_item", TableName=...)`. Raises botocore's errors.

        Cancelling the caller does not stop a request that was begun: it may still take effect.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(self._call, service, operation, parameters))

    def _call(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = getattr(self.client(service), operation)(**parameters)
        return answer

    def client(self, service: str) -> Any:
        """The boto3 client itself; blocking, and safe to share between threads."""
        with self._making:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]

    def _make(self, service: str) -> Any:
        import boto3
        from botocore.config import Config

        access = self.access
        session = boto3.Session(
            aws_access_key_id=access.access_key_id,
            aws_secret_access_key=access.secret_access_key,
            region_name=access.region,
            profile_name=access.profile,
        )
        return session.client(
            service,
            endpoint_url=access.endpoint_url,
            config=Config(
                connect_timeout=2,
                read_timeout=25 if service == "sqs" else 5,
                retries={"mode": "standard", "total_max_attempts": 3},
                max_pool_connections=MAX_CONNECTIONS,
                tcp_keepalive=True,
                s3={"addressing_style": "path" if access.endpoint_url else "auto"},
            ),
        )
