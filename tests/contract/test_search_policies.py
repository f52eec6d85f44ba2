"""The collection's policies, put to an AWS that reads them: CloudFormation only hands them on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.contract.templates.transformed import ROOT
from tests.embedded import Embedded

pytestmark = pytest.mark.aws
GIVEN = {
    "Stage": "dev",
    "ChatRole": "chat",
    "TurnsRole": "turns",
    "DocumentsRole": "documents",
    "AWS::Partition": "aws",
    "AWS::AccountId": "000000000000",
}
Json = Any  # CloudFormation is JSON, of no fixed shape


def filled(value: Json) -> Json:
    """A property with the parameters of the stage dev put in."""
    if isinstance(value, dict) and "Fn::Sub" in value:
        words = value["Fn::Sub"]
        for name, each in GIVEN.items():
            words = words.replace(f"${{{name}}}", each)
        return words
    return value


def test_an_aws_takes_the_policies_and_makes_the_collection(embedded: Embedded) -> None:
    template = yaml_parse((ROOT / "infra" / "search.yaml").read_text(encoding="utf-8"))["Resources"]
    client = embedded.aws.client("opensearchserverless")
    properties = {
        name: {key: filled(value) for key, value in each["Properties"].items()} for name, each in template.items()
    }
    for name in ("Encryption", "Network", "Readers", "Writer"):
        said = properties[name]
        assert json.loads(said["Policy"])
        make = client.create_access_policy if said["Type"] == "data" else client.create_security_policy
        make(name=said["Name"], type=said["Type"], policy=said["Policy"])
    collection = properties["Collection"]
    made = client.create_collection(name=collection["Name"], type=collection["Type"])["createCollectionDetail"]
    [found] = client.batch_get_collection(names=[collection["Name"]])["collectionDetails"]
    assert made["type"] == found["type"] == "VECTORSEARCH"
    assert found["status"] in ("CREATING", "ACTIVE")
