"""Deploying the example app as an operator would, with its secret and a key."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from attache.apps.deploy import build, publish, synced_documents
from attache.apps.http_descriptions import fetch_description
from attache.apps.s3_releases import S3Releases
from attache.aws import Aws
from attache.clock import Clock
from attache.documents.s3_originals import S3Originals
from attache.errors import Forbidden, Unauthenticated
from attache.keys.dynamo_keys import DynamoKeys
from attache.keys.key_ring import KeyRing
from attache.keys.keys import Keys
from attache.models.catalogue import Catalogue
from attache.models.with_a_key import with_a_key
from attache.secrets.dynamo_secrets import DynamoSecrets
from attache.secrets.kms_sealer import KmsSealer
from attache.secrets.secrets import Secrets, app_scope

FOLDER = Path(__file__).resolve().parents[1] / "example_app"
APP = "mycoindex"
API_KEY_NAME = "API_KEY"
API_KEY = "mycoindex-example-key"
LABEL = "make dev"


@dataclass(frozen=True)
class Operator:
    """What `attache` commands do, for the stack's own AWS."""

    aws: Aws
    outputs: Mapping[str, str]
    clock: Clock

    async def deploy_example(self, server: str, providers: Collection[str]) -> None:
        """Deploy the example app, with tools on `server` and a model of one of these providers, and set its secret."""
        built = await asyncio.to_thread(build, FOLDER, fetch_description, allow_loopback=True, server=server)
        if originals := self._originals():
            await synced_documents(built.described, originals)
        app = built.app.model_copy(update={"models": with_a_key(Catalogue.read(), built.app.models, providers)})
        await publish(app, self._releases())
        secrets = self._secrets()
        if API_KEY_NAME not in await secrets.names(app_scope(APP)):
            await secrets.put(app_scope(APP), API_KEY_NAME, SecretStr(API_KEY))

    async def app_key(self, earlier: str | None) -> str:
        """An earlier start's key if it is still valid for the example app, else a new one."""
        store = self._keys()
        try:
            if earlier and await Keys(store, self.clock).check(earlier, APP):
                return earlier
        except (Unauthenticated, Forbidden):
            pass
        return (await KeyRing(store, self.clock).create([APP], LABEL)).key

    def _keys(self) -> DynamoKeys:
        return DynamoKeys(self.aws, self.outputs["RegistryTable"])

    def _releases(self) -> S3Releases:
        return S3Releases(self.aws, self.outputs["DataBucket"], self.outputs["RegistryTable"], self.clock)

    def _originals(self) -> S3Originals | None:
        bucket = self.outputs.get("DocumentsBucket")
        return S3Originals(self.aws, bucket) if bucket else None

    def _secrets(self) -> Secrets:
        store = DynamoSecrets(self.aws, self.outputs["RegistryTable"], self.clock)
        return Secrets(store, KmsSealer(self.aws, self.outputs["SecretsKey"]), self.clock)
