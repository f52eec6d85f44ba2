"""All calls to AWS: botocore in threads, one client per service, made on first use.

Tests and the local stack set an endpoint and credentials; on Lambda both are empty and botocore finds its own. boto3 is
not used: it is a layer over botocore that takes a fifth longer to import and adds nothing needed here.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256
from typing import Any

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config

MAX_CONNECTIONS = 64
Item = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class AwsAccess:
    """Where AWS is, and credentials; None leaves both to botocore's own chain."""

    endpoint_url: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None
    profile: str | None = None


class Aws:
    """Calls AWS operations by botocore's names, in a thread pool of its own."""

    def __init__(self, access: AwsAccess | None = None) -> None:
        self.access = access or AwsAccess()
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()
        self._threads = ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix="aws")

    async def call(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """`await aws.call("dynamodb", "get_item", TableName=...)`. Raises botocore's errors.

        Cancelling the caller does not stop a request that was sent: it may still take effect.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(self._call, service, operation, parameters))

    async def signed(
        self, service: str, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Mapping[str, str]:
        """The headers with which AWS knows that a request is ours (Signature Version 4)."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._signed, service, method, url, headers, body)

    def _signed(
        self, service: str, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Mapping[str, str]:
        # OpenSearch Serverless refuses requests whose body's hash is no header of theirs
        hashed = {**headers, "X-Amz-Content-SHA256": sha256(body).hexdigest()}
        request = AWSRequest(method, url, hashed, body)
        region = self.access.region or self._session.get_config_variable("region")
        SigV4Auth(self._session.get_credentials(), service, region).add_auth(request)
        return dict(request.headers.items())

    async def partition(self, table: str, key: str, **parameters: Any) -> list[Item]:
        """All items of a table's partition `pk`, page by page; further parameters are those of Query."""
        asked = {
            "KeyConditionExpression": "#pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": key}},
            **parameters,
            "ExpressionAttributeNames": {"#pk": "pk", **parameters.get("ExpressionAttributeNames", {})},
        }
        items: list[Item] = []
        while True:
            page = await self.call("dynamodb", "query", TableName=table, **asked)
            items += page["Items"]
            if "LastEvaluatedKey" not in page:
                return items
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _call(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = getattr(self.client(service), operation)(**parameters)
        return answer

    def client(self, service: str) -> Any:
        """The botocore client itself; it blocks, and threads may share it."""
        with self._making:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]

    def forget(self) -> None:
        """Drop the clients after a snapshot was restored: connections and credentials may be stale."""
        with self._making:
            self._clients.clear()
            self.__dict__.pop("_session", None)

    @cached_property
    def _session(self) -> Any:
        """One for all clients: it caches botocore's data, which is most of what a client costs."""
        session = botocore.session.Session(profile=self.access.profile)
        if self.access.access_key_id and self.access.secret_access_key:
            session.set_credentials(self.access.access_key_id, self.access.secret_access_key)
        return session

    def _make(self, service: str) -> Any:
        access = self.access
        return self._session.create_client(
            service,
            region_name=access.region,
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
