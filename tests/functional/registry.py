"""The registry table and the key of infra/data.yaml, in an AWS in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from moto import mock_aws

from attache.aws import Aws, AwsAccess

TEMPLATE = Path(__file__).resolve().parents[2] / "infra" / "data.yaml"
OF_TABLES = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")


@dataclass(frozen=True)
class Registry:
    """Where the registry is, as adapters need it."""

    aws: Aws
    table: str
    key: str


@contextmanager
def registry_in_memory() -> Iterator[Registry]:
    """An empty registry, gone when the context ends."""
    with mock_aws():
        aws = Aws(AwsAccess(region="eu-central-1", access_key_id="test", secret_access_key="test"))
        properties = _properties("RegistryTable")
        shape = {name: properties[name] for name in OF_TABLES}
        aws.client("dynamodb").create_table(TableName="registry", **shape)
        yield Registry(aws, "registry", aws.client("kms").create_key()["KeyMetadata"]["KeyId"])


def _properties(resource: str) -> dict[str, Any]:
    template = yaml.load(TEMPLATE.read_text(), _Template)  # a SafeLoader
    properties: dict[str, Any] = template["Resources"][resource]["Properties"]
    return properties


class _Template(yaml.SafeLoader):
    """CloudFormation's YAML; its short functions (`!Ref`) are of no interest here."""


_Template.add_multi_constructor("!", lambda loader, suffix, node: suffix)
