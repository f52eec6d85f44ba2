"""The operator's provider keys in SSM: one SecureString each, `/attache/<stage>/providers/<provider>`."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from pydantic import SecretStr

from attache.aws import Aws
from attache.aws_errors import code_of, unavailable
from attache.errors import Unavailable

NOT_FOUND = "ParameterNotFound"


@dataclass(frozen=True)
class KeptKey:
    """A stored key; `updated` in milliseconds since 1970."""

    provider: str
    updated: int


class SsmProviderKeys:
    """The ProviderKeyStore of AWS and the local stack; functions read it, the command line also writes it."""

    def __init__(self, aws: Aws, stage: str) -> None:
        self._aws = aws
        self._path = f"/attache/{stage}/providers"

    async def read(self, provider: str) -> str | None:
        found = await self._parameter(provider, opened=True)
        return str(found["Value"]) if found else None

    async def present(self, providers: Collection[str]) -> frozenset[str]:
        """The providers that have a key; one request each, and nothing is decrypted. Raises Unavailable."""
        found = await asyncio.gather(*(self._parameter(provider, opened=False) for provider in providers))
        return frozenset(provider for provider, each in zip(providers, found, strict=True) if each)

    async def all(self) -> list[KeptKey]:
        """Every stored key, by provider. For operators: raises botocore's errors, as do `put` and `delete`."""
        found: list[KeptKey] = []
        token: dict[str, str] = {}
        while True:
            page = await self._aws.call("ssm", "describe_parameters", ParameterFilters=self._filters(), **token)
            found += [self._kept(each) for each in page["Parameters"]]
            if not page.get("NextToken"):
                return sorted(found, key=lambda kept: kept.provider)
            token = {"NextToken": page["NextToken"]}

    async def put(self, provider: str, key: SecretStr, sealed_with: str) -> None:
        """Store a key, replacing any other; `sealed_with` is a KMS key."""
        await self._aws.call(
            "ssm",
            "put_parameter",
            Name=self._name(provider),
            Value=key.get_secret_value(),
            Type="SecureString",
            KeyId=sealed_with,
            Overwrite=True,
        )

    async def delete(self, provider: str) -> bool:
        """Delete a key; returns whether there was one."""
        try:
            await self._aws.call("ssm", "delete_parameter", Name=self._name(provider))
        except ClientError as error:
            if code_of(error) == NOT_FOUND:
                return False
            raise
        return True

    async def _parameter(self, provider: str, *, opened: bool) -> Mapping[str, Any] | None:
        """The SSM parameter. Raises Unavailable for any failure: callers cannot tell them apart usefully."""
        try:
            with unavailable("The store of provider keys"):
                asked = await self._aws.call("ssm", "get_parameter", Name=self._name(provider), WithDecryption=opened)
        except ClientError as error:
            if code_of(error) == NOT_FOUND:
                return None
            raise Unavailable("The keys of model providers cannot be read.") from error
        found: Mapping[str, Any] = asked["Parameter"]
        return found

    def _filters(self) -> list[dict[str, Any]]:
        return [{"Key": "Path", "Option": "OneLevel", "Values": [self._path]}]

    def _kept(self, parameter: Any) -> KeptKey:
        changed: datetime = parameter["LastModifiedDate"]
        return KeptKey(self._provider(parameter), int(changed.timestamp() * 1000))

    def _name(self, provider: str) -> str:
        return f"{self._path}/{provider}"

    def _provider(self, parameter: Any) -> str:
        return str(parameter["Name"]).removeprefix(f"{self._path}/")
