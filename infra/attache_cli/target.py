"""The deployment that the commands work on: the local stack of this folder, or a stage in AWS."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from pydantic import BaseModel, ValidationError

from attache.apps.app import App
from attache.apps.s3_releases import S3Releases
from attache.aws import Aws, AwsAccess
from attache.clock import Clock
from attache.documents.dynamo_records import DynamoRecords
from attache.documents.s3_originals import S3Originals
from attache.keys import KeyRing
from attache.keys.dynamo_keys import DynamoKeys
from attache.models.ssm_provider_keys import SsmProviderKeys
from attache.secrets import Secrets
from attache.secrets.dynamo_secrets import DynamoSecrets
from attache.secrets.kms_sealer import KmsSealer
from attache.settings import LOCAL_STAGE
from attache_cli.errors import CommandError
from attache_cli.loopback import stay_local

DEV_FILE = Path(".attache") / "dev.json"
START_IT = "start it with `make dev`, or name a deployed stage with --stage"


class Outputs(BaseModel):
    """The outputs of a stack, as far as the commands need them."""

    RegistryTable: str
    DataBucket: str
    SecretsKey: str
    SessionsTable: str = ""
    TurnsQueueUrl: str = ""
    ToolCallsQueueUrl: str = ""
    DocumentsBucket: str = ""
    DocumentsQueueUrl: str = ""
    SearchBackend: str = "none"
    SearchEndpoint: str = ""
    ApiUrl: str = ""


class LocalAws(BaseModel):
    """Access to the embedded AWS."""

    endpoint_url: str
    region: str
    access_key_id: str
    secret_access_key: str


class DevFile(BaseModel):
    """`.attache/dev.json`, as far as the commands need it."""

    url: str
    app_key: str
    aws: LocalAws
    outputs: Outputs


@dataclass(frozen=True)
class Target:
    """A deployment's tables, bucket and key; `app_key` is known for the local stack only."""

    title: str
    aws: Aws
    outputs: Outputs
    url: str
    app_key: str | None = None
    loopback_tools: bool = False
    stage: str = LOCAL_STAGE

    @cached_property
    def keys(self) -> KeyRing:
        return KeyRing(DynamoKeys(self.aws, self.outputs.RegistryTable), Clock())

    @cached_property
    def secrets(self) -> Secrets:
        store = DynamoSecrets(self.aws, self.outputs.RegistryTable, Clock())
        return Secrets(store, KmsSealer(self.aws, self.outputs.SecretsKey), Clock())

    @cached_property
    def provider_keys(self) -> SsmProviderKeys:
        return SsmProviderKeys(self.aws, self.stage)

    @cached_property
    def releases(self) -> S3Releases:
        return S3Releases(self.aws, self.outputs.DataBucket, self.outputs.RegistryTable, Clock())

    @property
    def originals(self) -> S3Originals | None:
        """Where documents go; None where this stage has no search."""
        if self.outputs.SearchBackend == "none" or not self.outputs.DocumentsBucket:
            return None
        return S3Originals(self.aws, self.outputs.DocumentsBucket)

    @property
    def document_records(self) -> DynamoRecords:
        return DynamoRecords(self.aws, self.outputs.RegistryTable)

    async def app(self, name: str) -> App | None:
        """The app that is deployed under this name. Raises NotFound."""
        release = await self.releases.current(name)
        return await self.releases.bundle(name, release.version) if release else None


def find_target(stage: str | None) -> Target:
    """The stage of that name, or the local stack of this folder or one above it. Raises CommandError."""
    if stage is not None:
        return deployed_stage(stage, Aws())
    stay_local(os.environ)
    return local_stack(Path.cwd())


def local_stack(folder: Path) -> Target:
    """The local stack that was started in `folder` or above it. Raises CommandError if none runs."""
    dev = _dev_file(folder)
    if not _listens(dev.aws.endpoint_url):
        raise CommandError(f"The local stack does not run: {START_IT}.")
    aws = Aws(AwsAccess(**dev.aws.model_dump()))
    return Target("the local stack", aws, dev.outputs, dev.url, dev.app_key, loopback_tools=True)


def deployed_stage(stage: str, aws: Aws) -> Target:
    """The stack `attache-<stage>`, by its outputs. Raises CommandError if there is none."""
    name = f"attache-{stage}"
    try:
        stacks = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise CommandError(
            f"There is no stack {name} in this account and region: deploy it with `sam deploy`."
        ) from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
    try:
        found = Outputs.model_validate(outputs)
    except ValidationError as error:
        raise CommandError(
            f"The stack {name} is {stacks[0]['StackStatus']} and lacks outputs: deploy it again."
        ) from error
    return Target(f"stage {stage}", aws, found, found.ApiUrl, stage=stage)


def _dev_file(folder: Path) -> DevFile:
    for place in (folder, *folder.parents):
        path = place / DEV_FILE
        if path.is_file():
            return _read(path)
    raise CommandError(f"There is no local stack in this folder: {START_IT}.")


def _read(path: Path) -> DevFile:
    try:
        return DevFile.model_validate_json(path.read_text())
    except ValidationError as error:
        raise CommandError(f"{path} cannot be used: start the local stack again with `make dev`.") from error


def _listens(url: str) -> bool:
    address = urlsplit(url)
    try:
        with socket.create_connection((address.hostname, address.port), timeout=2):
            return True
    except OSError:
        return False
