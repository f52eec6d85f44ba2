"""The example: MyCoinDex's app deployed as an operator would, with its secret and a key to chat with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from attache.apps.deploy import deploy
from attache.apps.http_descriptions import fetch_description
from attache.apps.s3_releases import S3Releases
from attache.aws import Aws
from attache.clock import Clock
from attache.errors import Forbidden, Unauthenticated
from attache.keys.dynamo_keys import DynamoKeys
from attache.keys.key_ring import KeyRing
from attache.keys.keys import Keys
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
    """What `attache` commands do, done by the stack itself on its own AWS."""

    aws: Aws
    outputs: Mapping[str, str]
    clock: Clock

    async def deploy_example(self, server: str) -> bool:
        """The example app, its tools calling `server`, and its secret; whether that changed anything."""
        deployment = await deploy(FOLDER, self._releases(), fetch_description, allow_loopback=True, server=server)
        secrets = self._secrets()
        if API_KEY_NAME not in await secrets.names(app_scope(APP)):
            await secrets.put(app_scope(APP), API_KEY_NAME, SecretStr(API_KEY))
        return deployment.changed

    async def app_key(self, earlier: str | None) -> str:
        """An earlier start's key where it is still good for the example app, else a new one."""
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

    def _secrets(self) -> Secrets:
        store = DynamoSecrets(self.aws, self.outputs["RegistryTable"], self.clock)
        return Secrets(store, KmsSealer(self.aws, self.outputs["SecretsKey"]), self.clock)
