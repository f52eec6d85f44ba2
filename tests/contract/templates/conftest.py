"""The root template: its source, and its resources once SAM has transformed it."""

from __future__ import annotations

import pytest
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from tests.contract.templates.transformed import (
    ROOT,
    Json,
    NoManagedPolicies,
)


@pytest.fixture(scope="module")
def source() -> Json:
    return yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def resources(source: Json) -> Json:
    packaged = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    packaged["Globals"]["Function"]["CodeUri"] = "s3://built/function"
    for resource in packaged["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = "s3://built/layer"
    return transform(packaged, {}, NoManagedPolicies())["Resources"]
